#include "ops/loss/loss.hpp"

#include "autodiff/fields.hpp"
#include "ops/support/vjp.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad {

using namespace detail;

Tensor mse_loss(const Tensor& input, const Tensor& target) { return mse_loss(input, target, {}); }

Tensor mse_loss(const Tensor& input, const Tensor& target, LossOptions options) {
  static constexpr Op op = {
      .name = "mse_loss",
      .vjp = {{{keep::x(0) | keep::x(1),
                [](Grad g, Fn f) {
                  return mse_loss_vjp(g, f.x(0), f.x(1), f.attributes<LossReduced>().scale);
                }},
               {keep::x(0) | keep::x(1),
                [](Grad g, Fn f) {
                  return mse_loss_vjp(g, f.x(1), f.x(0), f.attributes<LossReduced>().scale);
                }}}},
      .fields = &fields_of<LossReduced>,
      .again =
          [](Call c) {
            return mse_loss(c.x(0), c.x(1), {.reduction = c.attributes<LossReduced>().reduction});
          },
      .jvp = Jvp::By::elementwise};
  const auto [x, t] = loss_operands("mse_loss", input, target);
  const auto loss = [](auto u, auto v) { return (u - v) * (u - v); };
  return record(op, {x, t}, loss_value(options.reduction, loss, x, t), reduced_by(options.reduction, x));
}

Tensor l1_loss(const Tensor& input, const Tensor& target) { return l1_loss(input, target, {}); }

Tensor l1_loss(const Tensor& input, const Tensor& target, LossOptions options) {
  static constexpr Op op = {
      .name = "l1_loss",
      .vjp = {{{keep::x(0) | keep::x(1),
                [](Grad g, Fn f) {
                  return l1_loss_vjp(g, f.x(0), f.x(1), f.attributes<LossReduced>().scale);
                }},
               {keep::x(0) | keep::x(1),
                [](Grad g, Fn f) {
                  return l1_loss_vjp(g, f.x(1), f.x(0), f.attributes<LossReduced>().scale);
                }}}},
      .fields = &fields_of<LossReduced>,
      .again =
          [](Call c) {
            return l1_loss(c.x(0), c.x(1), {.reduction = c.attributes<LossReduced>().reduction});
          },
      .jvp = Jvp::By::elementwise};
  const auto [x, t] = loss_operands("l1_loss", input, target);
  const auto loss = [](auto u, auto v) { return xsimd::abs(u - v); };
  return record(op, {x, t}, loss_value(options.reduction, loss, x, t), reduced_by(options.reduction, x));
}

namespace {

/// factor * (d^2 / 2 for |d| <= delta, else delta (|d| - delta / 2)): Huber's loss, and smooth_l1 divided by
/// delta.
struct Bend {
  double delta = 1, factor = 1, scale = 1;
  void fields(auto&& field) const { field("delta", delta), field("factor", factor), field("scale", scale); }
};

/// scale factor g d for d = a - b limited to [-delta, delta].
Tensor huber_vjp(const Tensor& g, const Tensor& a, const Tensor& b, Bend bend) {
  static constexpr auto curve = [](Tensor h, Fn f) {
    const auto [delta, factor, scale] = f.attributes<Bend>();
    return mul0(mul0(h, f.x(0)), where(abs(f.x(1) - f.x(2)) < delta, constant(factor * scale, h.dtype()), 0));
  };
  static constexpr Op op = {
      .name = "huber_loss_vjp",
      .vjp = {{{keep::x(1) | keep::x(2),
                [](Grad h, Fn f) {
                  const auto [delta, factor, scale] = f.attributes<Bend>();
                  return mul0(h, (factor * scale) * clamp(f.x(1) - f.x(2), -delta, delta));
                }},
               {keep::x(0) | keep::x(1) | keep::x(2), [](Grad h, Fn f) { return curve(h, f); }},
               {keep::x(0) | keep::x(1) | keep::x(2), [](Grad h, Fn f) { return -curve(h, f); }}}},
      .fields = &fields_of<Bend>,
      .again = [](Call c) { return huber_vjp(c.x(0), c.x(1), c.x(2), c.attributes<Bend>()); },
      .jvp = Jvp::By::elementwise};
  const auto slope = [bend](auto u, auto v) {
    using V = decltype(u);
    const V d = u - v, limit(static_cast<typename V::value_type>(bend.delta));
    return xsimd::select(d > limit, limit, xsimd::select(d < -limit, -limit, d));
  };
  return record(op, {g, a, b}, loss_slope(g, bend.factor * bend.scale, slope, a, b), bend);
}

constexpr std::array<Rule, 4> huber_rules = {
    {{keep::x(0) | keep::x(1),
      [](Grad g, Fn f) { return huber_vjp(g, f.x(0), f.x(1), f.attributes<Bend>()); }},
     {keep::x(0) | keep::x(1),
      [](Grad g, Fn f) { return huber_vjp(g, f.x(1), f.x(0), f.attributes<Bend>()); }}}};

/// What huber_loss and smooth_l1_loss were asked for.
struct Huber {
  double delta = 1;
  Reduction reduction = Reduction::mean;
  void fields(auto&& field) const { field("delta", delta), field("reduction", text_of(reduction)); }
};
struct SmoothL1 {
  double beta = 1;
  Reduction reduction = Reduction::mean;
  void fields(auto&& field) const { field("beta", beta), field("reduction", text_of(reduction)); }
};

template <class Asked>
Tensor bent(const Op& op, const Tensor& input, const Tensor& target, double delta, double factor,
            const Asked& asked) {
  const auto [x, t] = loss_operands(op.name, input, target);
  const Bend bend{delta, factor, scale_of(asked.reduction, x)};
  const auto loss = [bend](auto u, auto v) {
    using V = decltype(u);
    using T = typename V::value_type;
    const V d = xsimd::abs(u - v), limit(static_cast<T>(bend.delta)), half(T(0.5));
    return V(static_cast<T>(bend.factor)) *
           xsimd::select(d > limit, limit * (d - half * limit), half * d * d);
  };
  return record(op, {x, t}, loss_value(asked.reduction, loss, x, t), bend, [&] { return asked; });
}

}  // namespace

Tensor huber_loss(const Tensor& input, const Tensor& target, HuberOptions options) {
  static constexpr Op op = {.name = "huber_loss",
                            .vjp = huber_rules,
                            .fields = &fields_of<Huber>,
                            .again =
                                [](Call c) {
                                  const auto [delta, reduction] = c.attributes<Huber>();
                                  return huber_loss(c.x(0), c.x(1), {delta, reduction});
                                },
                            .jvp = Jvp::By::elementwise};
  if (!(options.delta > 0)) fail("huber_loss", "delta must be positive: it is " + short_text(options.delta));
  return bent(op, input, target, options.delta, 1, Huber{options.delta, options.reduction});
}

Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, SmoothL1Options options) {
  static constexpr Op op = {.name = "smooth_l1_loss",
                            .vjp = huber_rules,
                            .fields = &fields_of<SmoothL1>,
                            .again =
                                [](Call c) {
                                  const auto [beta, reduction] = c.attributes<SmoothL1>();
                                  return smooth_l1_loss(c.x(0), c.x(1), {beta, reduction});
                                },
                            .jvp = Jvp::By::elementwise};
  if (!(options.beta >= 0))
    fail("smooth_l1_loss", "beta must not be negative: it is " + short_text(options.beta));
  if (options.beta == 0) return l1_loss(input, target, {options.reduction});
  return bent(op, input, target, options.beta, 1 / options.beta, SmoothL1{options.beta, options.reduction});
}

namespace detail {

Tensor mse_loss_vjp(const Tensor& g, const Tensor& a, const Tensor& b, double scale) {
  static constexpr Op op = {
      .name = "mse_loss_vjp",
      .vjp = {{{keep::x(1) | keep::x(2),
                [](Grad h, Fn f) { return mul0(h, (2 * f.attributes<Scale>().scale) * (f.x(1) - f.x(2))); }},
               {keep::x(0), [](Grad h, Fn f) { return (2 * f.attributes<Scale>().scale) * mul0(h, f.x(0)); }},
               {keep::x(0),
                [](Grad h, Fn f) { return (-2 * f.attributes<Scale>().scale) * mul0(h, f.x(0)); }}}},
      .fields = &fields_of<Scale>,
      .again = [](Call c) { return mse_loss_vjp(c.x(0), c.x(1), c.x(2), c.attributes<Scale>().scale); },
      .jvp = Jvp::By::elementwise};
  return record(op, {g, a, b},
                loss_slope(
                    g, 2 * scale, [](auto u, auto v) { return u - v; }, a, b),
                Scale{scale});
}

Tensor l1_loss_vjp(const Tensor& g, const Tensor& a, const Tensor& b, double scale) {
  static constexpr auto flat = [](Grad, Fn f) { return zeros_of(f.shape(1), f.dtype(1)); };
  static constexpr Op op = {
      .name = "l1_loss_vjp",
      .vjp = {{{keep::x(1) | keep::x(2),
                [](Grad h, Fn f) { return mul0(h, f.attributes<Scale>().scale * sign(f.x(1) - f.x(2))); }},
               {keep::x(1), flat},
               {keep::x(1), flat}}},
      .fields = &fields_of<Scale>,
      .again = [](Call c) { return l1_loss_vjp(c.x(0), c.x(1), c.x(2), c.attributes<Scale>().scale); },
      .jvp = Jvp::By::elementwise};
  return record(op, {g, a, b},
                loss_slope(
                    g, scale, [](auto u, auto v) { return simd::sign(u - v); }, a, b),
                Scale{scale});
}

}  // namespace detail

}  // namespace xgrad
