#pragma once

#include "xgrad/optim/betas.hpp"
#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct AdamOptions {
  double lr = 1e-3;
  Betas betas = {};
  double eps = 1e-8;
  double weight_decay = 0;  ///< adds weight_decay * p to the gradient
  bool amsgrad = false;     ///< divide by the largest second moment so far. Reddi et al., 2018
  bool maximize = false;    ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const AdamOptions&) const = default;
};

/// Adam, Kingma and Ba, 2015, as PyTorch has it; t counts the steps of each parameter:
///
///     g += weight_decay p
///     m = beta1 m + (1 - beta1) g
///     v = beta2 v + (1 - beta2) g^2
///     p -= lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
class Adam : public WithOptions<AdamOptions> {
 public:
  explicit Adam(const Parameters& parameters, AdamOptions options = {});
  template <detail::Number N>
  Adam(const Parameters& parameters, N lr) : Adam(parameters, AdamOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const AdamOptions& options) const override;
  Remembered remembered(const AdamOptions&) const override;
  void check_change(const AdamOptions& before, const AdamOptions& now) const override;

  detail::BiasCorrections corrections_;
};

}  // namespace xgrad::optim
