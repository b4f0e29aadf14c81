#pragma once

#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct AdadeltaOptions {
  double lr = 1;
  double rho = 0.9;  ///< how much of the running means each step keeps
  double eps = 1e-6;
  double weight_decay = 0;  ///< adds weight_decay * p to the gradient
  bool maximize = false;    ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const AdadeltaOptions&) const = default;
};

/// Adadelta, Zeiler, 2012, as PyTorch has it:
///
///     g += weight_decay p
///     v = rho v + (1 - rho) g^2
///     d = sqrt(a + eps) / sqrt(v + eps) * g
///     a = rho a + (1 - rho) d^2
///     p -= lr d
class Adadelta : public WithOptions<AdadeltaOptions> {
 public:
  explicit Adadelta(const Parameters& parameters, AdadeltaOptions options = {});
  template <detail::Number N>
  Adadelta(const Parameters& parameters, N lr)
      : Adadelta(parameters, AdadeltaOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const AdadeltaOptions& options) const override;
  Remembered remembered(const AdadeltaOptions&) const override;
};

}  // namespace xgrad::optim
