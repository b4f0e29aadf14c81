#include "autodiff/fields.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/unary.hpp"

// Linear above 0, an exponential below.

namespace xgrad {

using namespace detail;

namespace {

/// scale x above 0, scale alpha (e^(rate x) - 1) below.
struct Exponential {
  double scale, alpha, rate;
  void fields(auto&& field) const { field("scale", scale), field("alpha", alpha), field("rate", rate); }
};

Tensor elu_vjp(const Tensor& g, const Tensor& x, Exponential e) {
  static constexpr Op op = {
      .name = "elu_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return elu_vjp(h, f.x(1), f.attributes<Exponential>()); }},
               {keep::x(0) | keep::x(1),
                [](Grad h, Fn f) {  // dx
                  const auto [scale, alpha, rate] = f.attributes<Exponential>();
                  const Tensor at = f.x(1), u = mul0(h, f.x(0));
                  return where(at > 0, 0, mul0(u, scale * alpha * rate * rate * exp(rate * at)));
                }}}},
      .fields = &fields_of<Exponential>,
      .again = [](Call c) { return elu_vjp(c.x(0), c.x(1), c.attributes<Exponential>()); },
      .jvp = Jvp::By::elementwise};
  const auto value = [e](auto u, auto v) {
    using V = decltype(v);
    using T = typename V::value_type;
    const V above(static_cast<T>(e.scale)), rate(static_cast<T>(e.rate));
    const V below = V(static_cast<T>(e.scale * e.alpha * e.rate)) * simd::exp(rate * v);
    return xsimd::select(v > V(0), u * above, simd::mul0(u, below));
  };
  return record(op, {g, x}, zip_simd(value, g, x), e);
}

constexpr Rule exponential_rule = {
    keep::x(0), [](Grad g, Fn f) { return elu_vjp(g, f.x(0), f.attributes<Exponential>()); }};

Tensor exponential(const Op& op, const Tensor& x, Exponential e) {
  const auto value = [e](auto v) {
    using V = decltype(v);
    using T = typename V::value_type;
    const V above(static_cast<T>(e.scale)), rate(static_cast<T>(e.rate));
    const V below = V(static_cast<T>(e.scale * e.alpha)) * simd::expm1(rate * v);
    return xsimd::select(v > V(0), v * above, below);
  };
  return record(op, {x}, map_simd(x, value), e);
}

}  // namespace

Tensor elu(const Tensor& x, double alpha) {
  static constexpr Op op = {.name = "elu",
                            .vjp = {{exponential_rule}},
                            .fields = &fields_of<Exponential>,
                            .again = [](Call c) { return elu(c.x(0), c.attributes<Exponential>().alpha); },
                            .jvp = Jvp::By::elementwise};
  return exponential(op, as_floating(x), {1, alpha, 1});
}

Tensor selu(const Tensor& x) {
  static constexpr Op op = {.name = "selu",
                            .vjp = {{exponential_rule}},
                            .again = [](Call c) { return selu(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  return exponential(op, as_floating(x), {1.0507009873554804934, 1.6732632423543772848, 1});
}

Tensor celu(const Tensor& x, double alpha) {
  static constexpr Op op = {.name = "celu",
                            .vjp = {{exponential_rule}},
                            .fields = &fields_of<Exponential>,
                            .again = [](Call c) { return celu(c.x(0), c.attributes<Exponential>().alpha); },
                            .jvp = Jvp::By::elementwise};
  if (alpha == 0) fail("celu", "alpha must not be 0");
  return exponential(op, as_floating(x), {1, alpha, 1 / alpha});
}

}  // namespace xgrad
