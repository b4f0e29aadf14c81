#include "xgrad/core/ops/activation.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/fields.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "ops/support/vjp.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/unary.hpp"
#include "xgrad/simd/circular.hpp"
#include "xgrad/simd/normal.hpp"

namespace xgrad {

using namespace detail;

// The sigmoid and its logarithm ----------------------------------------------------------------------------

Tensor sigmoid(const Tensor& x) {
  static constexpr Op op = {.name = "sigmoid",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return sigmoid_vjp(g, f.x(0)); }}}},
                            .again = [](Call c) { return sigmoid(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return sigmoid(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::sigmoid(v); }));
}

Tensor logsigmoid(const Tensor& x) {
  static constexpr Op op = {.name = "logsigmoid",
                            .vjp = {{{keep::x(0),
                                      [](Grad g, Fn f) {
                                        return sigmoid_times(g, f.x(0), {-1, INFINITY});
                                      }}}},
                            .again = [](Call c) { return logsigmoid(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return logsigmoid(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return -simd::softplus(-v); }));
}

Tensor softplus(const Tensor& x, double beta, double threshold) {
  static constexpr Op op = {
      .name = "softplus",
      .vjp = {{{keep::x(0),
                [](Grad g, Fn f) { return sigmoid_times(g, f.x(0), f.attributes<Softened>()); }}}},
      .fields = &fields_of<Softened>,
      .again =
          [](Call c) {
            const Softened& by = c.attributes<Softened>();
            return softplus(c.x(0), by.beta, by.threshold);
          },
      .jvp = Jvp::By::elementwise};
  if (beta == 0) fail("softplus", "beta must not be 0");
  if (!is_floating(x.dtype())) return softplus(x.to(float32), beta, threshold);
  return record(op, {x},
                map_simd(x,
                         [=](auto v) {
                           using V = decltype(v);
                           using T = typename V::value_type;
                           const V b(static_cast<T>(beta)), z = b * v;
                           return xsimd::select(z > V(static_cast<T>(threshold)), v, simd::softplus(z) / b);
                         }),
                Softened{beta, threshold});
}

namespace detail {

Tensor sigmoid_vjp(const Tensor& g, const Tensor& x) {
  static constexpr Op op = {.name = "sigmoid_vjp",
                            .vjp = {{{keep::x(1), [](Grad h, Fn f) { return sigmoid_vjp(h, f.x(1)); }},  // dg
                                     {keep::x(0) | keep::x(1),
                                      [](Grad h, Fn f) {  // dx: s'' = -s' tanh(x / 2)
                                        return mul0(sigmoid_vjp(mul0(h, f.x(0)), f.x(1)),
                                                    -tanh(0.5 * f.x(1)));
                                      }}}},
                            .again = [](Call c) { return sigmoid_vjp(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  return record(op, {g, x},
                zip_simd([](auto u, auto v) { return simd::mul0(u, simd::sigmoid_slope(v)); }, g, x));
}

Tensor sigmoid_times(const Tensor& g, const Tensor& x, Softened by) {
  static constexpr Op op = {
      .name = "sigmoid_times",
      .vjp = {{{keep::x(1),  // dg
                [](Grad h, Fn f) { return sigmoid_times(h, f.x(1), f.attributes<Softened>()); }},
               {keep::x(0) | keep::x(1),
                [](Grad h, Fn f) {  // dx
                  const auto [s, limit] = f.attributes<Softened>();
                  const Tensor z = s * f.x(1), d = s * sigmoid_vjp(mul0(h, f.x(0)), z);
                  return std::isinf(limit) ? d : where(z > limit, 0, d);
                }}}},
      .fields = &fields_of<Softened>,
      .again = [](Call c) { return sigmoid_times(c.x(0), c.x(1), c.attributes<Softened>()); },
      .jvp = Jvp::By::elementwise};
  return record(op, {g, x},
                zip_simd(
                    [by](auto u, auto v) {
                      using V = decltype(v);
                      using T = typename V::value_type;
                      const V z = V(static_cast<T>(by.beta)) * v;
                      return xsimd::select(z > V(static_cast<T>(by.threshold)), u,
                                           simd::mul0(u, simd::sigmoid(z)));
                    },
                    g, x),
                by);
}

}  // namespace detail

// x times a sigmoid ----------------------------------------------------------------------------------------

Tensor silu(const Tensor& x) {
  static constexpr Op op = {.name = "silu",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return silu_vjp(g, f.x(0)); }}}},
                            .again = [](Call c) { return silu(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return silu(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::silu(v); }));
}

Tensor mish(const Tensor& x) {
  static constexpr Op op = {.name = "mish",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mish_vjp(g, f.x(0)); }}}},
                            .again = [](Call c) { return mish(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return mish(x.to(float32));
  return record(op, {x},
                map_simd(x, [](auto v) { return xsimd::max(decltype(v)(-800), v) * simd::mish_gate(v); }));
}

Tensor gelu(const Tensor& x) {
  static constexpr Op op = {.name = "gelu",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return gelu_vjp(g, f.x(0)); }}}},
                            .again = [](Call c) { return gelu(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return gelu(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::gelu(v); }));
}

namespace {

constexpr double tanh_scale = 1.5957691216057308;  // 2 sqrt(2 / pi)
constexpr double tanh_cubic = 0.044715;

/// The argument w of the sigmoid in gelu's approximation, since (1 + tanh(w / 2)) / 2 is sigmoid(w).
template <class V>
V gelu_argument(const V& v) {
  using T = typename V::value_type;
  const V cubic(static_cast<T>(tanh_scale * tanh_cubic)), scale(static_cast<T>(tanh_scale));
  return v * simd::fma(cubic * v, v, scale);
}

}  // namespace

Tensor gelu(const Tensor& x, Approximate approximate) {
  static constexpr Op op = {.name = "gelu_tanh",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return gelu_tanh_vjp(g, f.x(0)); }}}},
                            .again = [](Call c) { return gelu(c.x(0), Approximate::tanh); },
                            .jvp = Jvp::By::elementwise};
  if (approximate == Approximate::none) return gelu(x);
  if (!is_floating(x.dtype())) return gelu(x.to(float32), approximate);
  return record(op, {x}, map_simd(x, [](auto v) {
                  return xsimd::max(decltype(v)(-800), v) * simd::sigmoid(gelu_argument(v));
                }));
}

namespace detail {

Tensor silu_vjp(const Tensor& g, const Tensor& x) {
  static constexpr Op op = {.name = "silu_vjp",
                            .vjp = {{{keep::x(1), [](Grad h, Fn f) { return silu_vjp(h, f.x(1)); }},  // dg
                                     {keep::x(0) | keep::x(1),
                                      [](Grad h, Fn f) {  // dx: s' (2 - x tanh(x / 2))
                                        const Tensor at = f.x(1);
                                        return mul0(sigmoid_vjp(mul0(h, f.x(0)), at),
                                                    2 - at * tanh(0.5 * at));
                                      }}}},
                            .again = [](Call c) { return silu_vjp(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  return record(op, {g, x},
                zip_simd([](auto u, auto v) { return simd::mul0(u, simd::silu_slope(v)); }, g, x));
}

// With s = sigmoid(x), t = tanh(softplus(x)) and u = 1 - t^2: f' = t + x s u, f'' = u (2 s + x (s' - 2 t
// s^2)).
Tensor mish_vjp(const Tensor& g, const Tensor& x) {
  static constexpr Op op = {.name = "mish_vjp",
                            .vjp = {{{keep::x(1), [](Grad h, Fn f) { return mish_vjp(h, f.x(1)); }},  // dg
                                     {keep::x(0) | keep::x(1),
                                      [](Grad h, Fn f) {  // dx
                                        const Tensor at = f.x(1), s = sigmoid(at),
                                                     p = softplus(at, 1, INFINITY);
                                        const Tensor curve = s * sigmoid(-at) - 2 * tanh(p) * square(s);
                                        return mul0(tanh_vjp(mul0(h, f.x(0)), p), 2 * s + mul0(curve, at));
                                      }}}},
                            .again = [](Call c) { return mish_vjp(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  return record(op, {g, x},
                zip_simd([](auto u, auto v) { return simd::mul0(u, simd::mish_slope(v)); }, g, x));
}

Tensor gelu_vjp(const Tensor& g, const Tensor& x) {
  static constexpr Op op = {
      .name = "gelu_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return gelu_vjp(h, f.x(1)); }},  // dg
               {keep::x(0) | keep::x(1),
                [](Grad h, Fn f) {  // dx: phi(x) (2 - x^2)
                  const Tensor at = f.x(1), density = mul0(gaussian(at, 0.5), 2 - square(at));
                  return mul0(mul0(h, f.x(0)), std::numbers::inv_sqrtpi / std::numbers::sqrt2 * density);
                }}}},
      .again = [](Call c) { return gelu_vjp(c.x(0), c.x(1)); },
      .jvp = Jvp::By::elementwise};
  return record(op, {g, x},
                zip_simd([](auto u, auto v) { return simd::mul0(u, simd::gelu_slope(v)); }, g, x));
}

// With w = scale (x + cubic x^3) and s = sigmoid(w): f' = s + x s' w', f'' = s' (2 w' + x (w'' - w'^2 tanh(w
// / 2))).
Tensor gelu_tanh_vjp(const Tensor& g, const Tensor& x) {
  static constexpr Op op = {
      .name = "gelu_tanh_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return gelu_tanh_vjp(h, f.x(1)); }},  // dg
               {keep::x(0) | keep::x(1),
                [](Grad h, Fn f) {  // dx
                  const Tensor at = f.x(1), z = square(at);
                  const Tensor w = at * (tanh_cubic * tanh_scale * z + tanh_scale);
                  const Tensor dw = 3 * tanh_cubic * tanh_scale * z + tanh_scale;
                  const Tensor curve = 6 * tanh_cubic * tanh_scale * at - square(dw) * tanh(0.5 * w);
                  return mul0(sigmoid_vjp(mul0(h, f.x(0)), w), 2 * dw + at * curve);
                }}}},
      .again = [](Call c) { return gelu_tanh_vjp(c.x(0), c.x(1)); },
      .jvp = Jvp::By::elementwise};
  const auto slope = [](auto u, auto at) {
    using V = decltype(at);
    using T = typename V::value_type;
    const V v = simd::bounded(at, 800), w = gelu_argument(v);
    const V dw =
        simd::fma(V(static_cast<T>(3 * tanh_cubic * tanh_scale)) * v, v, V(static_cast<T>(tanh_scale)));
    return simd::mul0(u, simd::sigmoid(w) * (V(1) + v * dw * simd::sigmoid(-w)));
  };
  return record(op, {g, x}, zip_simd(slope, g, x));
}

}  // namespace detail

// Other smooth ones ----------------------------------------------------------------------------------------

Tensor tanhshrink(const Tensor& x) {
  static constexpr Op op = {
      .name = "tanhshrink",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, square(tanh(f.x(0)))); }}}},
      .again = [](Call c) { return tanhshrink(c.x(0)); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return tanhshrink(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) {
                  return simd::in_double(v, [](const auto& d) { return simd::tanhshrink(d); });
                }));
}

Tensor softsign(const Tensor& x) {
  static constexpr Op op = {
      .name = "softsign",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return div0(g, square(abs(f.x(0)) + 1)); }}}},
      .again = [](Call c) { return softsign(c.x(0)); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return softsign(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) {
                  using V = decltype(v);
                  const V u = simd::bounded(v, std::numeric_limits<typename V::value_type>::max());
                  return u / (V(1) + xsimd::abs(u));
                }));
}

}  // namespace xgrad
