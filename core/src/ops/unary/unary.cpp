#include "xgrad/core/ops/unary.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/fields.hpp"
#include "kernels/loops/wrap.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "ops/support/vjp.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/simd/hyperbolic.hpp"

namespace xgrad {

using namespace detail;

// Exponentials and logarithms ------------------------------------------------------------------------------

Tensor exp(const Tensor& x) {
  static constexpr Op op = {.name = "exp",
                            .vjp = {{{keep::y, [](Grad g, Fn f) { return mul0(g, f.y()); }}}},
                            .again = [](Call c) { return exp(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return exp(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::exp(v); }));
}

Tensor exp2(const Tensor& x) {
  static constexpr Op op = {
      .name = "exp2",
      .vjp = {{{keep::y, [](Grad g, Fn f) { return mul0(g, std::numbers::ln2 * f.y()); }}}},
      .again = [](Call c) { return exp2(c.x(0)); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return exp2(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::exp2(v); }));
}

Tensor expm1(const Tensor& x) {
  static constexpr Op op = {.name = "expm1",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, exp(f.x(0))); }}}},
                            .again = [](Call c) { return expm1(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return expm1(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::expm1(v); }));
}

Tensor log(const Tensor& x) {
  static constexpr Op op = {.name = "log",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return div0(g, f.x(0)); }}}},
                            .again = [](Call c) { return log(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return log(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::log(v); }));
}

Tensor log2(const Tensor& x) {
  static constexpr Op op = {
      .name = "log2",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return div0(g * std::numbers::log2e, f.x(0)); }}}},
      .again = [](Call c) { return log2(c.x(0)); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return log2(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::log2(v); }));
}

Tensor log10(const Tensor& x) {
  static constexpr Op op = {
      .name = "log10",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return div0(g * std::numbers::log10e, f.x(0)); }}}},
      .again = [](Call c) { return log10(c.x(0)); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return log10(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::log10(v); }));
}

Tensor log1p(const Tensor& x) {
  static constexpr Op op = {.name = "log1p",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return div0(g, f.x(0) + 1); }}}},
                            .again = [](Call c) { return log1p(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return log1p(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::log1p(v); }));
}

// Powers ---------------------------------------------------------------------------------------------------

Tensor sqrt(const Tensor& x) {
  static constexpr Op op = {.name = "sqrt",
                            .vjp = {{{keep::y, [](Grad g, Fn f) { return div0(0.5 * g, f.y()); }}}},
                            .again = [](Call c) { return sqrt(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return sqrt(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return xsimd::sqrt(v); }));
}

Tensor rsqrt(const Tensor& x) {
  static constexpr Op op = {
      .name = "rsqrt",
      .vjp = {{{keep::x(0) | keep::y, [](Grad g, Fn f) { return mul0(g, -0.5 * f.y() / f.x(0)); }}}},
      .again = [](Call c) { return rsqrt(c.x(0)); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return rsqrt(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return decltype(v)(1) / xsimd::sqrt(v); }));
}

Tensor square(const Tensor& x) {
  static constexpr Op op = {.name = "square",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, 2 * f.x(0)); }}}},
                            .again = [](Call c) { return square(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (x.dtype() == boolean) return square(x.to(int64));
  return record(op, {x}, map_number(x, 0, [](auto u, auto) { return times(u, u); }));
}

Tensor reciprocal(const Tensor& x) {
  static constexpr Op op = {.name = "reciprocal",
                            .vjp = {{{keep::y, [](Grad g, Fn f) { return mul0(g, -square(f.y())); }}}},
                            .again = [](Call c) { return reciprocal(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return reciprocal(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return decltype(v)(1) / v; }));
}

// Sign and rounding ----------------------------------------------------------------------------------------

namespace {

/// The rule of a function that is constant almost everywhere.
Tensor no_slope(Grad, Fn f) { return zeros_of(f.shape(0), f.dtype(0)); }

struct Decimals {
  int decimals = 0;
  void fields(auto&& field) const { field("decimals", decimals); }
};

/// What takes the place of nan, inf and -inf.
struct Replacements {
  double nan, posinf, neginf;
  void fields(auto&& field) const { field("nan", nan), field("posinf", posinf), field("neginf", neginf); }
};

}  // namespace

Tensor abs(const Tensor& x) {
  static constexpr Op op = {.name = "abs",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, sign(f.x(0))); }}}},
                            .again = [](Call c) { return abs(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (x.dtype() == boolean) return abs(x.to(int64));
  return record(op, {x}, map_number(x, 0, [](auto u, auto) {
                  if constexpr (std::integral<decltype(u)>)
                    return u < 0 ? minus(decltype(u)(0), u) : u;
                  else
                    return std::abs(u);
                }));
}

Tensor sign(const Tensor& x) {
  static constexpr Op op = {.name = "sign",
                            .vjp = {{{keep::nothing, no_slope}}},
                            .again = [](Call c) { return sign(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (x.dtype() == boolean) return sign(x.to(int64));
  return record(op, {x}, map_number(x, 0, [](auto u, auto) {
                  using T = decltype(u);
                  return u > 0 ? T(1) : u < 0 ? T(-1) : u;  // 0, -0 and nan stay what they are
                }));
}

Tensor floor(const Tensor& x) {
  static constexpr Op op = {.name = "floor",
                            .vjp = {{{keep::nothing, no_slope}}},
                            .again = [](Call c) { return floor(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return x;
  return record(op, {x}, map(x, [](auto u) { return std::floor(u); }));
}

Tensor ceil(const Tensor& x) {
  static constexpr Op op = {.name = "ceil",
                            .vjp = {{{keep::nothing, no_slope}}},
                            .again = [](Call c) { return ceil(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return x;
  return record(op, {x}, map(x, [](auto u) { return std::ceil(u); }));
}

Tensor trunc(const Tensor& x) {
  static constexpr Op op = {.name = "trunc",
                            .vjp = {{{keep::nothing, no_slope}}},
                            .again = [](Call c) { return trunc(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return x;
  return record(op, {x}, map(x, [](auto u) { return std::trunc(u); }));
}

Tensor round(const Tensor& x, int decimals) {
  static constexpr Op op = {.name = "round",
                            .vjp = {{{keep::nothing, no_slope}}},
                            .fields = &fields_of<Decimals>,
                            .again = [](Call c) { return round(c.x(0), c.attributes<Decimals>().decimals); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return x;
  if (decimals == 0) return record(op, {x}, map(x, [](auto u) { return std::nearbyint(u); }), Decimals{});
  const double unit = std::pow(10.0, std::abs(static_cast<double>(decimals)));
  return record(op, {x},
                map(x,
                    [=](auto u) {
                      const auto s = static_cast<decltype(u)>(unit);
                      // Where u s has no finite value, u has no digits behind the last; where u / s is 0, so
                      // is the result.
                      const auto t = std::nearbyint(decimals > 0 ? u * s : u / s);
                      if (decimals > 0) return std::isfinite(t) ? t / s : u;
                      return t == 0 ? t : std::isfinite(t) ? t * s : u;
                    }),
                Decimals{decimals});
}

Tensor nan_to_num(const Tensor& x, double nan, std::optional<double> posinf, std::optional<double> neginf) {
  static constexpr Op op = {
      .name = "nan_to_num",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return where(isfinite(f.x(0)), g, 0); }}}},
      .fields = &fields_of<Replacements>,
      .again =
          [](Call c) {
            const Replacements& by = c.attributes<Replacements>();
            return nan_to_num(c.x(0), by.nan, by.posinf, by.neginf);
          },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return x;
  const double most =
      x.dtype() == float32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
  const Replacements by{nan, posinf.value_or(most), neginf.value_or(-most)};
  return record(op, {x},
                map(x,
                    [by](auto u) {
                      using T = decltype(u);
                      constexpr T largest = std::numeric_limits<T>::max();
                      const T above = static_cast<T>(by.posinf), below = static_cast<T>(by.neginf);
                      return u != u ? static_cast<T>(by.nan) : u > largest ? above : u < -largest ? below : u;
                    }),
                by);
}

// Fused gradients ------------------------------------------------------------------------------------------

namespace detail {

Tensor div0(const Tensor& g, const Tensor& d) {
  static constexpr Op op = {
      .name = "div0",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return div0(h, f.x(1)); }},                            // dg
               {keep::x(1) | keep::y, [](Grad h, Fn f) { return -div0(mul0(h, f.y()), f.x(1)); }}}},  // dd
      .again = [](Call c) { return div0(c.x(0), c.x(1)); },
      .jvp = Jvp::By::elementwise};
  return record(op, {g, d}, zip_floating("div0", g, d, [](auto u, auto v) { return u == 0 ? u : u / v; }));
}

}  // namespace detail
}  // namespace xgrad
