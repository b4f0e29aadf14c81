#pragma once

#include "xgrad/optim/betas.hpp"
#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct AdamWOptions {
  double lr = 1e-3;
  Betas betas = {};
  double eps = 1e-8;
  double weight_decay = 0.01;  ///< shrinks p by lr * weight_decay of it
  bool amsgrad = false;        ///< divide by the largest second moment so far. Reddi et al., 2018
  bool maximize = false;       ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const AdamWOptions&) const = default;
};

/// Adam with weight decay that is no part of the gradient, Loshchilov and Hutter, 2019, as PyTorch has it; t
/// counts the steps of each parameter:
///
///     p -= lr weight_decay p
///     m = beta1 m + (1 - beta1) g
///     v = beta2 v + (1 - beta2) g^2
///     p -= lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
class AdamW : public WithOptions<AdamWOptions> {
 public:
  explicit AdamW(const Parameters& parameters, AdamWOptions options = {});
  template <detail::Number N>
  AdamW(const Parameters& parameters, N lr)
      : AdamW(parameters, AdamWOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const AdamWOptions& options) const override;
  Remembered remembered(const AdamWOptions&) const override;
  void check_change(const AdamWOptions& before, const AdamWOptions& now) const override;

  detail::BiasCorrections corrections_;
};

}  // namespace xgrad::optim
