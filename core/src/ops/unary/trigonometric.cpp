#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "ops/support/vjp.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/unary.hpp"
#include "xgrad/simd/hyperbolic.hpp"

namespace xgrad {

using namespace detail;

// Circular functions ---------------------------------------------------------------------------------------

Tensor sin(const Tensor& x) {
  static constexpr Op op = {.name = "sin",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, cos(f.x(0))); }}}},
                            .again = [](Call c) { return sin(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return sin(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::sin(v); }));
}

Tensor cos(const Tensor& x) {
  static constexpr Op op = {.name = "cos",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(-g, sin(f.x(0))); }}}},
                            .again = [](Call c) { return cos(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return cos(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::cos(v); }));
}

Tensor tan(const Tensor& x) {
  static constexpr Op op = {.name = "tan",
                            .vjp = {{{keep::y, [](Grad g, Fn f) { return mul0(g, square(f.y()) + 1); }}}},
                            .again = [](Call c) { return tan(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return tan(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::tan(v); }));
}

// (1 - x) (1 + x) keeps its last places near 1, where 1 - x^2 does not.

Tensor asin(const Tensor& x) {
  static constexpr Op op = {.name = "asin",
                            .vjp = {{{keep::x(0),
                                      [](Grad g, Fn f) {
                                        const Tensor at = f.x(0);
                                        return mul0(g, rsqrt((1 - at) * (1 + at)));
                                      }}}},
                            .again = [](Call c) { return asin(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return asin(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::asin(v); }));
}

Tensor acos(const Tensor& x) {
  static constexpr Op op = {.name = "acos",
                            .vjp = {{{keep::x(0),
                                      [](Grad g, Fn f) {
                                        const Tensor at = f.x(0);
                                        return mul0(-g, rsqrt((1 - at) * (1 + at)));
                                      }}}},
                            .again = [](Call c) { return acos(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return acos(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::acos(v); }));
}

Tensor atan(const Tensor& x) {
  static constexpr Op op = {.name = "atan",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return div0(g, square(f.x(0)) + 1); }}}},
                            .again = [](Call c) { return atan(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return atan(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::atan(v); }));
}

// Hyperbolic functions -------------------------------------------------------------------------------------

Tensor sinh(const Tensor& x) {
  static constexpr Op op = {.name = "sinh",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, cosh(f.x(0))); }}}},
                            .again = [](Call c) { return sinh(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return sinh(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::sinh(v); }));
}

Tensor cosh(const Tensor& x) {
  static constexpr Op op = {.name = "cosh",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, sinh(f.x(0))); }}}},
                            .again = [](Call c) { return cosh(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return cosh(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::cosh(v); }));
}

Tensor tanh(const Tensor& x) {
  static constexpr Op op = {.name = "tanh",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return tanh_vjp(g, f.x(0)); }}}},
                            .again = [](Call c) { return tanh(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return tanh(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::tanh(v); }));
}

namespace {

/// 1 / sqrt(x^2 + 1), where x^2 may overflow.
Tensor asinh_slope(const Tensor& x) {
  static constexpr Op op = {
      .name = "asinh_slope",  // -x y^3
      .vjp = {{{keep::x(0) | keep::y,
                [](Grad h, Fn f) { return mul0(h, -mul0(f.y(), f.x(0)) * square(f.y())); }}}},
      .again = [](Call c) { return asinh_slope(c.x(0)); },
      .jvp = Jvp::By::elementwise};
  return record(op, {x}, map_simd(x, [](auto v) {
                  using V = decltype(v);
                  const V a = xsimd::abs(v);
                  return V(1) / xsimd::select(a > V(0x1p30F), a, xsimd::sqrt(simd::fma(v, v, V(1))));
                }));
}

}  // namespace

Tensor asinh(const Tensor& x) {
  static constexpr Op op = {
      .name = "asinh",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, asinh_slope(f.x(0))); }}}},
      .again = [](Call c) { return asinh(c.x(0)); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return asinh(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::asinh(v); }));
}

Tensor acosh(const Tensor& x) {
  static constexpr Op op = {.name = "acosh",
                            .vjp = {{{keep::x(0),
                                      [](Grad g, Fn f) {
                                        const Tensor at = f.x(0);
                                        return mul0(g, mul0(rsqrt(at + 1), rsqrt(at - 1)));
                                      }}}},
                            .again = [](Call c) { return acosh(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return acosh(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::acosh(v); }));
}

Tensor atanh(const Tensor& x) {
  static constexpr Op op = {.name = "atanh",
                            .vjp = {{{keep::x(0),
                                      [](Grad g, Fn f) {
                                        const Tensor at = f.x(0);
                                        return div0(g, (1 - at) * (1 + at));
                                      }}}},
                            .again = [](Call c) { return atanh(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return atanh(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::atanh(v); }));
}

namespace detail {

Tensor tanh_vjp(const Tensor& g, const Tensor& x) {
  static constexpr Op op = {.name = "tanh_vjp",
                            .vjp = {{{keep::x(1), [](Grad h, Fn f) { return tanh_vjp(h, f.x(1)); }},  // dg
                                     {keep::x(0) | keep::x(1),
                                      [](Grad h, Fn f) {  // dx: tanh'' = -2 tanh tanh'
                                        return mul0(tanh_vjp(mul0(h, f.x(0)), f.x(1)), -2 * tanh(f.x(1)));
                                      }}}},
                            .again = [](Call c) { return tanh_vjp(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  return record(op, {g, x},
                zip_simd([](auto u, auto v) { return simd::mul0(u, simd::tanh_slope(v)); }, g, x));
}

}  // namespace detail
}  // namespace xgrad
