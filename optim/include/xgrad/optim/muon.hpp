#pragma once

#include "xgrad/optim/betas.hpp"
#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

struct MuonOptions {
  double lr = 0.02;
  double momentum = 0.95;
  bool nesterov = true;
  int ns_steps = 5;           ///< of the iteration that makes a direction orthogonal
  double weight_decay = 0;    ///< shrinks p by its rate * weight_decay of it
  double adamw_rate = 0.015;  ///< what is no matrix goes by AdamW with the rate lr * adamw_rate
  Betas adamw_betas = {0.9, 0.95};
  double adamw_eps = 1e-10;
  bool maximize = false;  ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and changes nothing, when a gradient is inf or nan

  bool operator==(const MuonOptions&) const = default;
};

/// Muon, Jordan et al., 2024: momentum, of which each matrix goes in the direction of the nearest orthogonal
/// matrix. With |u| the square root of the sum of squares:
///
///     m = momentum m + (1 - momentum) g
///     u = (1 - momentum) g + momentum m, without nesterov m
///     X = u / (|u| + 1e-7), transposed where it has more rows than columns
///     ns_steps times: A = X X^T, X = 3.4445 X + (-4.7750 A + 2.0315 A^2) X
///     p -= lr weight_decay p
///     p -= lr sqrt(max(1, rows / columns)) X
///
/// The iteration takes singular values to about 1, between 0.7 and 1.2. Parameters that are not matrices, as
/// biases, go by AdamW; `lr` is a factor of both rates, so that a schedule holds for both. Embeddings and the
/// last layer are matrices as well, but better given to an AdamW of their own.
class Muon : public WithOptions<MuonOptions> {
 public:
  explicit Muon(const Parameters& parameters, MuonOptions options = {});
  template <detail::Number N>
  Muon(const Parameters& parameters, N lr) : Muon(parameters, MuonOptions{.lr = static_cast<double>(lr)}) {}

 private:
  void update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) override;
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const MuonOptions& options) const override;
  Remembered remembered(const MuonOptions&) const override;
  void prepare(Slot& slot, const MuonOptions& options) const override;

  detail::BiasCorrections corrections_;
};

}  // namespace xgrad::optim
