#pragma once

#include "xgrad/optim/betas.hpp"
#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct ScheduleFreeAdamWOptions {
  double lr = 2.5e-3;
  Betas betas = {};
  double eps = 1e-8;
  double weight_decay = 0;        ///< shrinks z by the rate * weight_decay of y
  std::int64_t warmup_steps = 0;  ///< in which the rate grows to lr
  bool maximize = false;          ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const ScheduleFreeAdamWOptions&) const = default;
};

/// AdamW without a schedule of its rate, Defazio et al., 2024: an average of all steps takes its place. t
/// counts the steps of each parameter:
///
///     y = (1 - beta1) z + beta1 x, where the gradient is taken; at first z = x = y
///     v = beta2 v + (1 - beta2) g^2
///     rate = lr sqrt(1 - beta2^t) min(1, t / warmup_steps)
///     z -= rate (g / (sqrt(v) + eps) + weight_decay y)
///     c = rate^2 / (the sum of all rate^2 so far)
///     x = (1 - c) x + c z
///
/// The parameters hold y while training, and x, by which the model is to be judged and saved for use, from
/// `eval()` to `train()`:
///
///     for (...) { optimizer.train(); ... optimizer.step(); optimizer.eval(); print(accuracy(model)); }
///
/// A step in between throws Error. A batch norm's running means are those at y.
class ScheduleFreeAdamW : public WithOptions<ScheduleFreeAdamWOptions> {
 public:
  explicit ScheduleFreeAdamW(const Parameters& parameters, ScheduleFreeAdamWOptions options = {});
  template <detail::Number N>
  ScheduleFreeAdamW(const Parameters& parameters, N lr)
      : ScheduleFreeAdamW(parameters, ScheduleFreeAdamWOptions{.lr = static_cast<double>(lr)}) {}

  void step() override;
  /// Lets the parameters hold what is trained: y.
  void train();
  /// Lets the parameters hold the average: x.
  void eval();
  bool is_training() const { return training_; }

  void visit(Visitor& v) override;

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const ScheduleFreeAdamWOptions& options) const override;
  Remembered remembered(const ScheduleFreeAdamWOptions&) const override;
  void check_change(const ScheduleFreeAdamWOptions& before,
                    const ScheduleFreeAdamWOptions& now) const override;
  void exchange(bool to_average);

  bool training_ = true;
};

}  // namespace xgrad::optim
