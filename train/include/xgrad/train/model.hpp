#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "xgrad/nn/sequential.hpp"
#include "xgrad/train/fit.hpp"

namespace xgrad::train {

/// A Sequential that knows its optimizer, its loss and its measures, in the words of Keras (Chollet, 2015):
///
///     train::Model model{nn::Linear(2, 4), nn::Sigmoid(), nn::Linear(4, 1), nn::Sigmoid()};
///     model.compile(optim::Adam(model, {.lr = 0.1}), nn::mse_loss, {train::Accuracy()});
///     model.fit(x, y, {.epochs = 500});
///     std::cout << model.predict(x);
///
/// What it was compiled with belongs to it alone: a copy, which shares the tensors, has to be compiled anew.
class Model : public nn::Sequential {
 public:
  using Sequential::Sequential;
  explicit Model(nn::Sequential layers) : Sequential(std::move(layers)) {}

  /// Says what trains it. The optimizer is moved in, and must be of this model's parameters.
  /// Throws Error where it is of others.
  template <std::derived_from<optim::Optimizer> O>
  void compile(O optimizer, Loss loss, std::vector<AnyMeasure> measures = {}) {
    set_compiled(std::make_shared<O>(std::move(optimizer)), std::move(loss), std::move(measures));
  }
  /// What it was compiled with. Throws Error before that.
  optim::Optimizer& optimizer() { return *compiled().optimizer; }

  // Each throws Error before `compile`, and as the functions of these names do. Measures in the options are
  // added to those that were compiled.
  History fit(const Batches& data, FitOptions options = {});
  History fit(const Tensor& x, const Tensor& y, FitOptions options = {});
  Scores evaluate(const Batches& data, EvaluateOptions options = {});
  Scores evaluate(const Tensor& x, const Tensor& y, EvaluateOptions options = {});
  /// Needs no `compile`.
  Tensor predict(const Tensor& x, PredictOptions options = {});

 private:
  struct Compiled {
    std::shared_ptr<optim::Optimizer> optimizer;
    Loss loss;
    std::vector<AnyMeasure> measures;
  };
  /// Nothing in a copy.
  class Own {
   public:
    Own() = default;
    Own(const Own&) {}
    Own(Own&&) noexcept = default;
    Own& operator=(const Own&) {
      value.reset();
      return *this;
    }
    Own& operator=(Own&&) noexcept = default;
    ~Own() = default;

    std::optional<Compiled> value;
  };

  void set_compiled(std::shared_ptr<optim::Optimizer> optimizer, Loss loss, std::vector<AnyMeasure> measures);
  Compiled& compiled();

  Own own_;
};

}  // namespace xgrad::train
