#pragma once

#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

/// By what a step size is multiplied where the gradient has changed its sign, and where it has kept it.
struct Etas {
  double minus = 0.5;
  double plus = 1.2;

  bool operator==(const Etas&) const = default;
};

/// The smallest and the largest step.
struct StepSizes {
  double min = 1e-6;
  double max = 50;

  bool operator==(const StepSizes&) const = default;
};

struct RpropOptions {
  double lr = 1e-2;  ///< the size of the first step; later sizes are found by the signs
  Etas etas = {};
  StepSizes step_sizes = {};
  bool maximize = false;  ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const RpropOptions&) const = default;
};

/// Resilient backpropagation, Riedmiller and Braun, 1993, as PyTorch has it. Each element has a step size s
/// of its own and goes by the sign of its gradient alone, which is that of all data, not of a batch:
///
///     g = 0 where it has another sign than the last g
///     s = clamp(s * plus, where the signs were the same; s * minus, where they were not; s at a zero)
///     p -= s sign(g)
///
/// A change of lr after the first step has no effect.
class Rprop : public WithOptions<RpropOptions> {
 public:
  explicit Rprop(const Parameters& parameters, RpropOptions options = {});
  template <detail::Number N>
  Rprop(const Parameters& parameters, N lr)
      : Rprop(parameters, RpropOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const RpropOptions& options) const override;
  Remembered remembered(const RpropOptions&) const override;
};

}  // namespace xgrad::optim
