#pragma once

#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct AsgdOptions {
  double lr = 1e-2;
  double lambd = 1e-4;      ///< shrinks p by eta * lambd of it, and slows the rate down
  double alpha = 0.75;      ///< the power by which the rate falls
  double t0 = 1e6;          ///< the step after which the average begins
  double weight_decay = 0;  ///< adds weight_decay * p to the gradient
  bool maximize = false;    ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const AsgdOptions&) const = default;
};

/// Averaged stochastic gradient descent, Polyak and Juditsky, 1992, as PyTorch has it; t counts the steps of
/// each parameter:
///
///     g += weight_decay p
///     p -= eta (lambd p + g)
///     ax += mu (p - ax)
///     eta = lr / (1 + lambd lr t)^alpha, mu = 1 / max(1, t - t0), for the next step; at first lr and 1
///
/// The average is in the optimizer's state as `ax`.
class ASGD : public WithOptions<AsgdOptions> {
 public:
  explicit ASGD(const Parameters& parameters, AsgdOptions options = {});
  template <detail::Number N>
  ASGD(const Parameters& parameters, N lr) : ASGD(parameters, AsgdOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const AsgdOptions& options) const override;
  Remembered remembered(const AsgdOptions&) const override;
};

}  // namespace xgrad::optim
