#pragma once

#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct RmspropOptions {
  double lr = 1e-2;
  double alpha = 0.99;
  double eps = 1e-8;
  double weight_decay = 0;  ///< adds weight_decay * p to the gradient
  double momentum = 0;
  bool centered = false;  ///< divide by an estimate of the standard deviation. Graves, 2013
  bool maximize = false;  ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const RmspropOptions&) const = default;
};

/// RMSprop, Hinton's lecture 6 of 2012, as PyTorch has it:
///
///     g += weight_decay p
///     v = alpha v + (1 - alpha) g^2
///     d = g / (sqrt(v) + eps); centered: a = alpha a + (1 - alpha) g, d = g / (sqrt(v - a^2) + eps)
///     p -= lr d; with momentum: b = momentum b + d, p -= lr b
class RMSprop : public WithOptions<RmspropOptions> {
 public:
  explicit RMSprop(const Parameters& parameters, RmspropOptions options = {});
  template <detail::Number N>
  RMSprop(const Parameters& parameters, N lr)
      : RMSprop(parameters, RmspropOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const RmspropOptions& options) const override;
  Remembered remembered(const RmspropOptions& options) const override;
  void check_change(const RmspropOptions& before, const RmspropOptions& now) const override;
};

}  // namespace xgrad::optim
