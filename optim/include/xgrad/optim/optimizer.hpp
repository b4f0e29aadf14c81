#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "xgrad/core/state/visitor.hpp"
#include "xgrad/core/tensor.hpp"
#include "xgrad/optim/parameters.hpp"

namespace xgrad::optim {

namespace detail {
/// A learning rate by itself: `Adam(parameters, 1e-3)`. A concept, so that `{}` stays options.
template <class N>
concept Number = std::is_arithmetic_v<N>;

class Rates;  // schedule/rates.hpp
}  // namespace detail

/// Updates parameters from their gradients; the base of all methods, each in a header of its own.
///
///     optim::Adam adam(model, {.lr = 1e-3});
///     ...
///     adam.zero_grad();
///     loss.backward();
///     adam.step();
///
/// It holds the parameters themselves, so one that is replaced in the model afterwards (`model.out.weight =
/// w`, `net = clone(best)`) is no longer updated; the next step says so, unless something else still holds
/// it. Change them in place instead: by copy_, by nn::copy_parameters, by model.to, whose new dtype the
/// optimizer's state follows.
///
/// Parameters may form groups with options of their own; see add_group of each optimizer, and `options`, by
/// which they are read and changed. All state is made with a group: a step allocates nothing.
///
/// Every constructor and add_group throws Error, and changes nothing, for an option out of its range, an
/// empty list, and a parameter that is undefined, listed twice, not a leaf, or does not require a gradient,
/// and for a name that another parameter has.
class Optimizer : public Stateful {
 public:
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Updates every parameter that has a gradient. Throws Error, and updates none, when no parameter has one,
  /// when nobody but the optimizer holds a parameter any more, when a gradient's shape or dtype is not its
  /// parameter's, when an option was set out of its range, and in groups with `error_if_nonfinite` when a
  /// gradient holds inf or nan.
  virtual void step();
  /// Forgets the gradients of all parameters. Until then they add up: equal parts of a batch, each with its
  /// share of the loss, `(loss / parts).backward()`, make one step of the whole.
  void zero_grad();

  /// The learning rate of a group. Throws Error when there is no such group.
  double lr(std::size_t group = 0) const;
  /// Sets the learning rate of all groups, or of one. Throws Error when it is negative or not finite.
  void set_lr(double lr);
  void set_lr(double lr, std::size_t group);
  std::size_t group_count() const { return groups_.size(); }

  /// Names all that the next steps depend on, apart from the parameters: with PyTorch's names
  /// `state.<parameter>.step`, `state.<parameter>.exp_avg` and so on, `param_groups.<group>.lr` and the other
  /// options. A parameter goes by its name where the optimizer was made from a model or from named tensors,
  /// else by its position. A state of another method, of other groups or with other such tensors does not
  /// fit.
  void visit(Visitor& v) override;

  /// All parameters, group by group.
  std::vector<Tensor> parameters() const;

 protected:
  /// A parameter and what the method remembers about it.
  struct Slot {
    Tensor parameter;
    std::vector<Tensor> state;      ///< of its shape and dtype and at first zero; see `add`
    std::int64_t steps = 0;         ///< the updates so far, with the current one
    std::vector<double> numbers{};  ///< at first 0
  };

  /// The names of what is remembered about each parameter of a group, which are literals.
  struct Remembered {
    std::vector<const char*> tensors, numbers;
  };

  /// Where the options are that all methods have.
  struct Places {
    double* lr;
    bool* error_if_nonfinite;
  };

  explicit Optimizer(const char* name) : name_(name) {}
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(Optimizer&&) = default;

  /// Adds a group; each of its parameters gets a zero tensor for each of the names of what is remembered,
  /// which are literals.
  void add(const Parameters& parameters, double lr, std::vector<const char*> remembered,
           bool error_if_nonfinite = false);
  /// The same for options that are elsewhere, as long as this optimizer lives. `prepare` changes what is
  /// remembered about a parameter at first; a tensor that it makes undefined is not.
  void add(const Parameters& parameters, Places options, Remembered remembered,
           const std::function<void(Slot&)>& prepare = {});

  /// Names the options of a group other than `lr` and `error_if_nonfinite`.
  virtual void visit_group(Visitor&, std::size_t) {}
  /// Throws Error where the options of a group are not what they must be.
  virtual void check_options(std::size_t) {}
  /// Throws Error when there is no such group.
  void check_group(std::size_t group) const;
  /// Throws Error where a step cannot be made, as `step` says.
  void check_step();
  /// Gives what is remembered the dtype of its parameter, which may have been moved.
  void follow_dtypes();
  /// Calls f(slot, group) for each parameter.
  template <class F>
  void each_slot(const F& f) {
    for (std::size_t k = 0; k < groups_.size(); ++k)
      for (Slot& slot : groups_[k].slots) f(slot, k);
  }

  /// Updates one parameter in place in a single pass. Recording is off; the gradient has been checked.
  virtual void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) = 0;

 private:
  struct Common {
    double lr;
    bool error_if_nonfinite;
  };
  struct Group {
    Places options;
    Remembered remembered;
    std::unique_ptr<Common> own;  ///< where the options are that are not elsewhere
    std::vector<Slot> slots{};
    std::vector<std::string> names{};  ///< of the parameters; empty for one without
  };

  void add(Group group, const Parameters& parameters, const std::function<void(Slot&)>& prepare);
  void visit_slot(Visitor& v, Slot& slot, const Remembered& remembered);
  void check_parameters(const std::vector<NamedTensor>& parameters) const;
  bool check_gradient(const Slot& slot, std::size_t i, bool error_if_nonfinite) const;
  [[noreturn]] void refuse_lost(const Slot& slot, std::size_t i) const;
  [[noreturn]] void refuse_gradient(const Slot& slot, std::size_t i) const;

  std::string name_of(std::size_t i) const;

  const char* name_;
  std::vector<Group> groups_;

  friend class detail::Rates;
  std::weak_ptr<std::vector<double>> initial_lr_;  ///< as long as a schedule lives: the rates before it
};

}  // namespace xgrad::optim
