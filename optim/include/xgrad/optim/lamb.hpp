#pragma once

#include "xgrad/optim/betas.hpp"
#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct LambOptions {
  double lr = 1e-3;
  Betas betas = {};
  double eps = 1e-6;
  double weight_decay = 0;  ///< adds weight_decay * p to the direction
  bool maximize = false;    ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const LambOptions&) const = default;
};

/// LAMB, You et al., 2020, for large batches: Adam's direction, as long as the parameter is. |x| is the
/// square root of the sum of squares over a parameter, and t counts the steps of each:
///
///     m = beta1 m + (1 - beta1) g
///     v = beta2 v + (1 - beta2) g^2
///     d = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay p
///     p -= lr |p| / |d| d; p -= lr d where one of the two is 0
class LAMB : public WithOptions<LambOptions> {
 public:
  explicit LAMB(const Parameters& parameters, LambOptions options = {});
  template <detail::Number N>
  LAMB(const Parameters& parameters, N lr) : LAMB(parameters, LambOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const LambOptions& options) const override;
  Remembered remembered(const LambOptions&) const override;

  detail::BiasCorrections corrections_;
  std::vector<double> sums_;  ///< of the blocks of a pass
};

}  // namespace xgrad::optim
