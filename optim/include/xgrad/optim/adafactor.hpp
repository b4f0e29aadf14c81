#pragma once

#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

/// The first is added to squares of gradients, the second is the smallest size that a parameter counts with.
struct AdafactorEps {
  double first = 1e-30;
  double second = 1e-3;

  bool operator==(const AdafactorEps&) const = default;
};

struct AdafactorOptions {
  double lr = 1e-2;           ///< with relative_step the largest rate
  double beta2_decay = -0.8;  ///< the power of t by which the second moments forget less and less
  AdafactorEps eps = {};
  double d = 1;                 ///< the largest root mean square of a direction
  double beta1 = 0;             ///< of a running mean of the directions; 0: none, and no memory for it
  double weight_decay = 0;      ///< shrinks p by lr * weight_decay of it
  bool relative_step = true;    ///< the rate is min(lr, 1 / sqrt(t)), else lr
  bool scale_parameter = true;  ///< it is multiplied by max(eps.second, rms(p))
  bool maximize = false;        ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const AdafactorOptions&) const = default;
};

/// Adafactor, Shazeer and Stern, 2018: of the second moments of a matrix only the means of the rows and of
/// the columns are remembered. rms(x) is the square root of the mean of x^2, and t counts the steps of each
/// parameter:
///
///     beta2 = 1 - t^beta2_decay
///     R = beta2 R + (1 - beta2) (the means of the rows of g^2 + eps.first), C by the columns likewise
///     v = R C / mean(R) of a matrix, else v = beta2 v + (1 - beta2) (g^2 + eps.first)
///     u = g / sqrt(v), u = u / max(1, rms(u) / d)
///     with beta1: m = beta1 m + (1 - beta1) u, u = m
///     p -= lr weight_decay p
///     p -= rate max(eps.second, rms(p)) u
///
/// What has more than two axes is matrices of the last two. The names are those of PyTorch 2.5.
class Adafactor : public WithOptions<AdafactorOptions> {
 public:
  explicit Adafactor(const Parameters& parameters, AdafactorOptions options = {});
  template <detail::Number N>
  Adafactor(const Parameters& parameters, N lr)
      : Adafactor(parameters, AdafactorOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const AdafactorOptions& options) const override;
  Remembered remembered(const AdafactorOptions&) const override;
  void check_change(const AdafactorOptions& before, const AdafactorOptions& now) const override;
  void prepare(Slot& slot, const AdafactorOptions& options) const override;

  std::vector<double> rows_, columns_, sums_;  ///< what a step computes with
};

}  // namespace xgrad::optim
