#pragma once

#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct AdagradOptions {
  double lr = 1e-2;
  double lr_decay = 0;                   ///< the rate of step t is lr / (1 + (t - 1) lr_decay)
  double weight_decay = 0;               ///< adds weight_decay * p to the gradient
  double initial_accumulator_value = 0;  ///< what the sum of squares starts with
  double eps = 1e-10;
  bool maximize = false;  ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const AdagradOptions&) const = default;
};

/// Adagrad, Duchi et al., 2011, as PyTorch has it; t counts the steps of each parameter:
///
///     g += weight_decay p
///     s += g^2
///     p -= lr / (1 + (t - 1) lr_decay) * g / (sqrt(s) + eps)
class Adagrad : public WithOptions<AdagradOptions> {
 public:
  explicit Adagrad(const Parameters& parameters, AdagradOptions options = {});
  template <detail::Number N>
  Adagrad(const Parameters& parameters, N lr)
      : Adagrad(parameters, AdagradOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const AdagradOptions& options) const override;
  Remembered remembered(const AdagradOptions&) const override;
  void prepare(Slot& slot, const AdagradOptions& options) const override;
};

}  // namespace xgrad::optim
