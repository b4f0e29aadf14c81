#pragma once

#include "xgrad/optim/betas.hpp"
#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct AdamaxOptions {
  double lr = 2e-3;
  Betas betas = {};
  double eps = 1e-8;
  double weight_decay = 0;  ///< adds weight_decay * p to the gradient
  bool maximize = false;    ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const AdamaxOptions&) const = default;
};

/// Adamax, Kingma and Ba, 2015, as PyTorch has it: Adam by the largest gradient instead of the mean square.
/// t counts the steps of each parameter:
///
///     g += weight_decay p
///     m = beta1 m + (1 - beta1) g
///     u = max(beta2 u, |g| + eps)
///     p -= lr / (1 - beta1^t) * m / u
///
/// A nan in the gradient stays in u.
class Adamax : public WithOptions<AdamaxOptions> {
 public:
  explicit Adamax(const Parameters& parameters, AdamaxOptions options = {});
  template <detail::Number N>
  Adamax(const Parameters& parameters, N lr)
      : Adamax(parameters, AdamaxOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const AdamaxOptions& options) const override;
  Remembered remembered(const AdamaxOptions&) const override;

  detail::BiasCorrections corrections_;
};

}  // namespace xgrad::optim
