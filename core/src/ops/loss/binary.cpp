#include "ops/loss/loss.hpp"

#include "autodiff/fields.hpp"
#include "ops/loss/logits.hpp"
#include "ops/support/recheck.hpp"
#include "ops/support/vjp.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// Throws unless every element of p is a probability.
void check_probabilities(const char* op, const Tensor& p) {
  visit_floating(p.dtype(op), [&](auto t) {
    using T = type_of<decltype(t)>;
    const T* u = ptr<const T>(p);
    recheck(op, [u, n = p.numel()] { return std::all_of(u, u + n, [](T v) { return v >= 0 && v <= 1; }); });
    bool good = true;
    for (std::int64_t i = 0; i < p.numel(); ++i) good &= u[i] >= 0 && u[i] <= 1;
    if (good) return;
    for (std::int64_t i = 0; i < p.numel(); ++i)
      if (!(u[i] >= 0 && u[i] <= 1))
        fail(op, "element " + std::to_string(i) + " of the input is " +
                     short_text(static_cast<double>(u[i])) + ", which is not a probability: input is " +
                     p.describe() + "; apply sigmoid to it, or use binary_cross_entropy_with_logits");
  });
}

}  // namespace

Tensor binary_cross_entropy(const Tensor& input, const Tensor& target) {
  return binary_cross_entropy(input, target, {});
}

Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, BceOptions options) {
  static constexpr Op op = {
      .name = "binary_cross_entropy",
      .vjp = {{{keep::x(0) | keep::x(1),  // dp
                [](Grad g, Fn f) {
                  return binary_cross_entropy_vjp(g, f.x(0), f.x(1), f.attributes<LossReduced>().scale);
                }},
               {keep::x(0),
                [](Grad g, Fn f) {  // dt
                  const Tensor p = f.x(0);
                  return f.attributes<LossReduced>().scale *
                         mul0(g, clamp_min(log1p(-p), -100) - clamp_min(log(p), -100));
                }}}},
      .fields = &fields_of<LossReduced>,
      .again =
          [](Call c) {
            return binary_cross_entropy(c.x(0), c.x(1), {.reduction = c.attributes<LossReduced>().reduction});
          },
      .jvp = Jvp::By::elementwise};
  if (options.pos_weight.defined())
    fail("binary_cross_entropy", "pos_weight is an option of binary_cross_entropy_with_logits only: it is " +
                                     options.pos_weight.describe() + "; call that op, or leave it out");
  const auto [p, t] = loss_operands("binary_cross_entropy", input, target);
  check_probabilities("binary_cross_entropy", p);
  const Reduction reduction = options.weight.defined() ? Reduction::none : options.reduction;
  const auto loss = [](auto u, auto v) {
    using V = decltype(u);
    return (v - V(1)) * xsimd::max(V(-100), simd::log1p(-u)) - v * xsimd::max(V(-100), simd::log(u));
  };
  const Tensor y = record(op, {p, t}, loss_value(reduction, loss, p, t), reduced_by(reduction, p));
  return options.weight.defined() ? reduced(weighted(op.name, y, options.weight), options.reduction) : y;
}

Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target) {
  return binary_cross_entropy_with_logits(input, target, {});
}

Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target, BceOptions options) {
  static constexpr Op op = {
      .name = "binary_cross_entropy_with_logits",
      .vjp = {{{keep::x(0) | keep::x(1),  // dx
                [](Grad g, Fn f) {
                  return binary_cross_entropy_with_logits_vjp(g, f.x(0), f.x(1),
                                                              f.attributes<LossReduced>().scale);
                }},
               {keep::x(0),  // dt
                [](Grad g, Fn f) { return mul0(g, -f.attributes<LossReduced>().scale * f.x(0)); }}}},
      .fields = &fields_of<LossReduced>,
      .again =
          [](Call c) {
            return binary_cross_entropy_with_logits(c.x(0), c.x(1),
                                                    {.reduction = c.attributes<LossReduced>().reduction});
          },
      .jvp = Jvp::By::elementwise};
  const auto [x, t] = loss_operands("binary_cross_entropy_with_logits", input, target);
  const Tensor &weight = options.weight, &pos_weight = options.pos_weight;
  if (pos_weight.defined()) {
    const Tensor y = -(mul0(weighted(op.name, t, pos_weight), logsigmoid(x)) + mul0(1 - t, logsigmoid(-x)));
    return reduced(weighted(op.name, y, weight), options.reduction);
  }
  const Reduction reduction = weight.defined() ? Reduction::none : options.reduction;
  const Tensor y = record(op, {x, t}, loss_value(reduction, LogitLoss{}, x, t), reduced_by(reduction, x));
  return weight.defined() ? reduced(weighted(op.name, y, weight), options.reduction) : y;
}

namespace detail {

Tensor binary_cross_entropy_vjp(const Tensor& g, const Tensor& p, const Tensor& t, double scale) {
  static constexpr float least = 1e-12F;  // of p (1 - p) in the quotient, and
  static constexpr double guard = 1e-12;  // added in its derivative: as PyTorch has them
  static constexpr Op op = {
      .name = "binary_cross_entropy_vjp",
      .vjp = {{{keep::x(1) | keep::x(2),  // dg
                [](Grad h, Fn f) {
                  const Tensor one = constant(1, h.dtype());
                  return mul0(h, binary_cross_entropy_vjp(one, f.x(1), f.x(2), f.attributes<Scale>().scale));
                }},
               {keep::x(0) | keep::x(1) | keep::x(2),  // dp: (p^2 - 2 p t + t) / (p (1 - p))^2
                [](Grad h, Fn f) {
                  const Tensor u = f.x(1), q = 1 - u, v = f.x(2);
                  const Tensor inside = div0(u * u - 2 * u * v + v, square((u + guard) * (q + guard)));
                  return mul0(mul0(h, f.x(0)),
                              f.attributes<Scale>().scale * where(u * q > least, inside, 1.0 / least));
                }},
               {keep::x(0) | keep::x(1),
                [](Grad h, Fn f) {  // dt
                  const Tensor u = f.x(1);
                  return div0(mul0(h, f.x(0)) * -f.attributes<Scale>().scale, clamp_min(u * (1 - u), least));
                }}}},
      .fields = &fields_of<Scale>,
      .again =
          [](Call c) {
            return binary_cross_entropy_vjp(c.x(0), c.x(1), c.x(2), c.attributes<Scale>().scale);
          },
      .jvp = Jvp::By::elementwise};
  const auto slope = [](auto u, auto v) {
    using V = decltype(u);
    return (u - v) / xsimd::max(V(least), u * (V(1) - u));
  };
  return record(op, {g, p, t}, loss_slope(g, scale, slope, p, t), Scale{scale});
}

Tensor binary_cross_entropy_with_logits_vjp(const Tensor& g, const Tensor& x, const Tensor& t, double scale) {
  static constexpr Op op = {
      .name = "binary_cross_entropy_with_logits_vjp",
      .vjp = {{{keep::x(1) | keep::x(2),  // dg
                [](Grad h, Fn f) {
                  const Tensor one = constant(1, h.dtype());
                  return mul0(h, binary_cross_entropy_with_logits_vjp(one, f.x(1), f.x(2),
                                                                      f.attributes<Scale>().scale));
                }},
               {keep::x(0) | keep::x(1),  // dx
                [](Grad h, Fn f) {
                  return sigmoid_vjp(f.attributes<Scale>().scale * mul0(h, f.x(0)), f.x(1));
                }},
               {keep::x(0),  // dt
                [](Grad h, Fn f) { return -f.attributes<Scale>().scale * mul0(h, f.x(0)); }}}},
      .fields = &fields_of<Scale>,
      .again =
          [](Call c) {
            return binary_cross_entropy_with_logits_vjp(c.x(0), c.x(1), c.x(2), c.attributes<Scale>().scale);
          },
      .jvp = Jvp::By::elementwise};
  return record(op, {g, x, t}, loss_slope(g, scale, LogitSlope{}, x, t), Scale{scale});
}

}  // namespace detail
}  // namespace xgrad
