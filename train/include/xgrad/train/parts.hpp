#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "xgrad/core/tensor.hpp"
#include "xgrad/nn/module.hpp"
#include "xgrad/optim/optimizer.hpp"

// What fit is made of, each of which may be a function in place of the usual object.

namespace xgrad::train {

namespace detail {
template <class F>
concept OfOne = std::is_invocable_r_v<Tensor, F&, const Tensor&>;
template <class F>
concept OfMany = std::is_invocable_r_v < Tensor,
        F&, const std::vector<Tensor>
& > ;
template <class T>
concept IsModule = std::derived_from<std::remove_cvref_t<T>, nn::ModuleBase>;
}  // namespace detail

/// What makes a prediction of a batch: a model, or a function of one tensor or of a list of them, which are
/// those of the batch without its target. A model is referred to and must outlive this; it is not const, as
/// fit and evaluate set its mode. A ModuleBase that is called with one tensor is a model too; one that is
/// called otherwise stands in the function of a `Predictor(model, function)`, which has its parameters.
class Predictor {
 public:
  // NOLINTBEGIN(google-explicit-constructor): it stands for what it is made of
  template <std::derived_from<nn::ModuleBase> M>
  requires(!std::is_const_v<M>) Predictor(M& model) : module_(&model) {
    if constexpr (std::derived_from<M, nn::Module>)
      direct_ = &model;
    else
      set(
          [&model](const auto& x) -> Tensor requires requires { model(x); } { return model(x); });
  }
  template <class F>
  requires(!detail::IsModule<F> && !std::derived_from<std::remove_cvref_t<F>, Predictor> &&
           (detail::OfOne<std::decay_t<F>> || detail::OfMany<std::decay_t<F>>)) Predictor(F&& f) {
    set(std::forward<F>(f));
  }
  // NOLINTEND(google-explicit-constructor)
  template <class F>
  Predictor(nn::ModuleBase& model, F&& f) : module_(&model) {
    set(std::forward<F>(f));
  }

  /// The prediction of a list of tensors. Throws Error where there are several for a function of one.
  Tensor operator()(const std::vector<Tensor>& inputs) const {
    if (direct_ && inputs.size() == 1) [[likely]]
      return (*direct_)(inputs.front());
    return general(inputs);
  }
  /// The model; null for a mere function.
  nn::ModuleBase* module() const { return module_; }

 private:
  template <class F>
  void set(F&& f) {
    if constexpr (detail::OfOne<std::decay_t<F>>)
      of_one_ = std::forward<F>(f);
    else
      of_many_ = std::forward<F>(f);
  }
  Tensor general(const std::vector<Tensor>& inputs) const;

  nn::ModuleBase* module_ = nullptr;
  const nn::Module* direct_ = nullptr;
  std::function<Tensor(const Tensor&)> of_one_;
  std::function<Tensor(const std::vector<Tensor>&)> of_many_;
};

/// What is made small: a function of prediction and target to one number, `nn::cross_entropy`; or the sum of
/// several, each with its weight, of which each is in the history under its own name.
///
///     train::Loss loss({{"image", nn::mse_loss}, {"code", [&](auto&, auto&) { return penalty(net); },
///     0.1}});
class Loss {
 public:
  using Function = std::function<Tensor(const Tensor&, const Tensor&)>;
  using Plain = Tensor (*)(const Tensor&, const Tensor&);

  /// One of several losses.
  struct Part {
    // So that an overloaded function's form of two tensors is taken.
    Part(std::string its_name, Plain f, double its_weight = 1)
        : name(std::move(its_name)), function(f), weight(its_weight) {}
    template <std::invocable<const Tensor&, const Tensor&> F>
    Part(std::string its_name, F f, double its_weight = 1)
        : name(std::move(its_name)), function(std::move(f)), weight(its_weight) {}

    std::string name;
    Function function;
    double weight;
  };

  // NOLINTBEGIN(google-explicit-constructor): it stands for what it is made of
  Loss(Plain f) : function_(f) {}
  template <class F>
  requires(std::is_invocable_r_v<Tensor, std::decay_t<F>&, const Tensor&, const Tensor&>) Loss(F&& f)
      : function_(std::forward<F>(f)) {}
  // NOLINTEND(google-explicit-constructor)
  /// Throws Error for an empty list, a weight that is not finite, and a name that is empty or occurs twice.
  explicit Loss(std::vector<Part> parts);

  /// The loss, or the weighted sum of all; `values` gets those of the parts, without their weights.
  Tensor operator()(const Tensor& prediction, const Tensor& target, std::vector<double>& values) const {
    if (function_) [[likely]]
      return function_(prediction, target);
    return sum_of_parts(prediction, target, values);
  }
  const std::vector<Part>& parts() const { return parts_; }

 private:
  Tensor sum_of_parts(const Tensor& prediction, const Tensor& target, std::vector<double>& values) const;

  Function function_;
  std::vector<Part> parts_;
};

/// What makes a step when the gradients are there: an optimizer, which is referred to and must outlive this,
/// or a function. Before the next gradients fit clears those of the optimizer; with a function those of the
/// model, and where that is a function too, it is for the function to clear them.
class Update {
 public:
  // NOLINTBEGIN(google-explicit-constructor): it stands for what it is made of
  Update(optim::Optimizer& optimizer) : optimizer_(&optimizer) {}
  template <std::invocable F>
  Update(F f) : function_(std::move(f)) {}
  // NOLINTEND(google-explicit-constructor)

  void operator()() const {
    if (optimizer_) [[likely]]
      optimizer_->step();
    else
      function_();
  }
  /// The optimizer; null for a function.
  optim::Optimizer* optimizer() const { return optimizer_; }

 private:
  optim::Optimizer* optimizer_ = nullptr;
  std::function<void()> function_;
};

}  // namespace xgrad::train
