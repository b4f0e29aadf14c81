#pragma once

#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct GdOptions {
  double lr = 1e-3;
  bool maximize = false;  ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const GdOptions&) const = default;
};

/// Gradient descent, p -= lr g.
///
/// Meant for the gradient of the loss over the whole data set, one step each pass: then it goes downhill at
/// every step if lr is small enough. The rule is that of SGD without its options; what draws the batches
/// decides which of the two methods it is, and the name says which is meant.
class GD : public WithOptions<GdOptions> {
 public:
  explicit GD(const Parameters& parameters, GdOptions options = {});
  template <detail::Number N>
  GD(const Parameters& parameters, N lr) : GD(parameters, GdOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const GdOptions& options) const override;
};

struct SgdOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;     ///< the share of each later gradient that does not enter the momentum
  double weight_decay = 0;  ///< adds weight_decay * p to the gradient: the L2 penalty weight_decay/2 sum p^2
  bool nesterov = false;
  bool maximize = false;  ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const SgdOptions&) const = default;
};

/// Stochastic gradient descent as PyTorch has it:
///
///     g += weight_decay p
///     b = g the first time, later b = momentum b + (1 - dampening) g
///     p -= lr b, with Nesterov's form p -= lr (g + momentum b); without momentum p -= lr g
///
/// Polyak, 1964; Sutskever et al., 2013. Nesterov's form needs momentum above 0 and no dampening.
class SGD : public WithOptions<SgdOptions> {
 public:
  explicit SGD(const Parameters& parameters, SgdOptions options = {});
  template <detail::Number N>
  SGD(const Parameters& parameters, N lr) : SGD(parameters, SgdOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const SgdOptions& options) const override;
  Remembered remembered(const SgdOptions& options) const override;
  void check_change(const SgdOptions& before, const SgdOptions& now) const override;
};

}  // namespace xgrad::optim
