#include "ops/loss/loss.hpp"

#include <cmath>
#include <numbers>

#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad {

using namespace detail;

namespace detail {

std::pair<Tensor, Tensor> loss_operands(const char* op, const Tensor& input, const Tensor& target) {
  const auto both = [&] { return "input is " + input.describe() + ", target is " + target.describe(); };
  if (!(input.shape(op) == target.shape(op)))
    fail(op, "input and target differ in shape: " + both() + "; reshape or expand one of them");
  if (is_floating(input.dtype()) && is_floating(target.dtype()) && input.dtype() != target.dtype())
    fail(op, "input and target mix float32 and float64: " + both() + "; convert one with .to(float64)");
  const DType t = is_floating(input.dtype())    ? input.dtype()
                  : is_floating(target.dtype()) ? target.dtype()
                                                : float32;
  return {input.to(t), target.to(t)};
}

Tensor weighted(const char* op, const Tensor& losses, const Tensor& weight) {
  if (!weight.defined()) return losses;
  common_dtype(op, losses, weight), broadcast_shapes(op, losses, weight);
  return losses * weight;
}

Tensor reduced(const Tensor& losses, Reduction reduction) {
  switch (reduction) {
    case Reduction::none:
      return losses;
    case Reduction::mean:
      return mean(losses);
    case Reduction::sum:
      return sum(losses);
    case Reduction::batchmean:
      return sum(losses) / count_of(reduction, losses);
  }
  return losses;
}

std::string text_of(Reduction reduction) {
  switch (reduction) {
    case Reduction::none:
      return "none";
    case Reduction::mean:
      return "mean";
    case Reduction::sum:
      return "sum";
    case Reduction::batchmean:
      return "batchmean";
  }
  return "";
}

}  // namespace detail

// Of distributions -----------------------------------------------------------------------------------------

Tensor kl_div(const Tensor& input, const Tensor& target, KlDivOptions options) {
  const auto [x, t] = loss_operands("kl_div", input, target);
  const Tensor losses = options.log_target ? mul0(exp(t), t - x) : mul0(t, log(t) - x);
  return reduced(losses, options.reduction);
}

Tensor poisson_nll_loss(const Tensor& input, const Tensor& target, PoissonNllOptions options) {
  const auto [x, t] = loss_operands("poisson_nll_loss", input, target);
  Tensor losses = options.log_input ? exp(x) - mul0(t, x) : x - mul0(t, log(x + options.eps));
  if (options.full) {  // Stirling's approximation of log t!
    const Tensor stirling = mul0(t, log(t)) - t + 0.5 * log(2 * std::numbers::pi * t);
    losses = losses + where(t > 1, stirling, 0);
  }
  return reduced(losses, options.reduction);
}

Tensor gaussian_nll_loss(const Tensor& input, const Tensor& target, const Tensor& var,
                         GaussianNllOptions options) {
  const auto [x, t] = loss_operands("gaussian_nll_loss", input, target);
  if (is_floating(var.dtype()) && var.dtype() != x.dtype())
    fail("gaussian_nll_loss", "input and var mix float32 and float64: input is " + x.describe() +
                                  ", var is " + var.describe() + "; convert one with .to(float64)");
  const bool one_less = var.dim() + 1 == x.dim();
  const Tensor v = (one_less ? unsqueeze(var, -1) : var).to(x.dtype());
  Shape last_one = x.shape();
  if (last_one.rank() > 0) last_one[last_one.rank() - 1] = 1;
  if (!(v.shape() == x.shape()) && !(v.shape() == last_one))
    fail("gaussian_nll_loss",
         "var needs the shape of the input, without its last axis or with size 1 there: input is " +
             input.describe() + ", var is " + var.describe());
  {
    const NoGrad guard;
    if (const Tensor negative = v < 0; any(negative).item<bool>())
      fail("gaussian_nll_loss", "var must not be negative: element " +
                                    std::to_string(argmax(negative.to(int64)).item<std::int64_t>()) + " of " +
                                    var.describe() + " is " + short_text(min(v).item()));
  }
  // Limited from below in value, not in gradient, so that a variance of 0 can grow.
  const Tensor limited = v + (clamp_min(v, options.eps) - v).detach();
  Tensor losses = 0.5 * (log(limited) + square(x - t) / limited);
  if (options.full) losses = losses + 0.5 * std::log(2 * std::numbers::pi);
  return reduced(losses, options.reduction);
}

}  // namespace xgrad
