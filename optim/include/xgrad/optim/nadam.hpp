#pragma once

#include "xgrad/optim/betas.hpp"
#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct NAdamOptions {
  double lr = 2e-3;
  Betas betas = {};
  double eps = 1e-8;
  double weight_decay = 0;       ///< adds weight_decay * p to the gradient
  double momentum_decay = 4e-3;  ///< how fast the momentum grows from beta1 / 2 to beta1
  bool maximize = false;         ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const NAdamOptions&) const = default;
};

/// Adam with Nesterov's momentum, Dozat, 2016, as PyTorch has it; t counts the steps of each parameter:
///
///     g += weight_decay p
///     mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2), product_t = mu_1 ... mu_t
///     m = beta1 m + (1 - beta1) g
///     v = beta2 v + (1 - beta2) g^2
///     d = (1 - mu_t) / (1 - product_t) g + mu_(t+1) / (1 - product_(t+1)) m
///     p -= lr d / (sqrt(v / (1 - beta2^t)) + eps)
///
/// product_(t+1) is that of the paper and of PyTorch with `foreach`. Without it, PyTorch 1.13 has mu_t in the
/// product twice.
class NAdam : public WithOptions<NAdamOptions> {
 public:
  explicit NAdam(const Parameters& parameters, NAdamOptions options = {});
  template <detail::Number N>
  NAdam(const Parameters& parameters, N lr)
      : NAdam(parameters, NAdamOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const NAdamOptions& options) const override;
  Remembered remembered(const NAdamOptions&) const override;
  void prepare(Slot& slot, const NAdamOptions& options) const override;

  detail::BiasCorrections corrections_;
};

}  // namespace xgrad::optim
