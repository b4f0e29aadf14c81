#pragma once

#include "xgrad/optim/betas.hpp"
#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct RAdamOptions {
  double lr = 1e-3;
  Betas betas = {};
  double eps = 1e-8;
  double weight_decay = 0;  ///< adds weight_decay * p to the gradient
  bool maximize = false;    ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const RAdamOptions&) const = default;
};

/// Rectified Adam, Liu et al., 2020, as PyTorch has it: momentum alone until the second moment is known well
/// enough. t counts the steps of each parameter:
///
///     g += weight_decay p
///     m = beta1 m + (1 - beta1) g
///     v = beta2 v + (1 - beta2) g^2
///     rho = 2 / (1 - beta2) - 1, rho_t = rho - 2 t beta2^t / (1 - beta2^t)
///     where rho_t > 5: r = sqrt((rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t)),
///         p -= lr r / (1 - beta1^t) * m sqrt(1 - beta2^t) / (sqrt(v) + eps)
///     else p -= lr / (1 - beta1^t) * m
class RAdam : public WithOptions<RAdamOptions> {
 public:
  explicit RAdam(const Parameters& parameters, RAdamOptions options = {});
  template <detail::Number N>
  RAdam(const Parameters& parameters, N lr)
      : RAdam(parameters, RAdamOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const RAdamOptions& options) const override;
  Remembered remembered(const RAdamOptions&) const override;

  detail::BiasCorrections corrections_;
};

}  // namespace xgrad::optim
