#pragma once

#include "xgrad/optim/betas.hpp"
#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct LionOptions {
  double lr = 1e-4;
  Betas betas = {0.9, 0.99};
  double weight_decay = 0;  ///< shrinks p by lr * weight_decay of it
  bool maximize = false;    ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const LionOptions&) const = default;
};

/// Lion, Chen et al., 2023: every element moves by lr, against the sign of a running mean.
///
///     p -= lr weight_decay p
///     p -= lr sign(beta1 m + (1 - beta1) g)
///     m = beta2 m + (1 - beta2) g
///
/// Where Adam does well, a third to a tenth of its lr and three to ten times its weight decay are a start.
class Lion : public WithOptions<LionOptions> {
 public:
  explicit Lion(const Parameters& parameters, LionOptions options = {});
  template <detail::Number N>
  Lion(const Parameters& parameters, N lr) : Lion(parameters, LionOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const LionOptions& options) const override;
  Remembered remembered(const LionOptions&) const override;
};

}  // namespace xgrad::optim
