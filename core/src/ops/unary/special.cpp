#include <cmath>
#include <numbers>

#include "autodiff/fields.hpp"
#include "kernels/math/bessel.hpp"
#include "kernels/math/erfinv.hpp"
#include "kernels/math/gamma.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "ops/support/vjp.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/unary.hpp"
#include "xgrad/simd/circular.hpp"
#include "xgrad/simd/normal.hpp"

namespace xgrad {

using namespace detail;

// The error function ---------------------------------------------------------------------------------------

namespace {

constexpr double two_over_root_pi = 2 * std::numbers::inv_sqrtpi;

struct Rate {
  double c;
  void fields(auto&& field) const { field("c", c); }
};

/// Of a derivative or of a Bessel function.
struct Order {
  int n;
  void fields(auto&& field) const { field("n", n); }
};

}  // namespace

Tensor erf(const Tensor& x) {
  static constexpr Op op = {
      .name = "erf",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(two_over_root_pi * g, gaussian(f.x(0), 1)); }}}},
      .again = [](Call c) { return erf(c.x(0)); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return erf(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::erf(v); }));
}

Tensor erfc(const Tensor& x) {
  static constexpr Op op = {
      .name = "erfc",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(-two_over_root_pi * g, gaussian(f.x(0), 1)); }}}},
      .again = [](Call c) { return erfc(c.x(0)); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return erfc(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::erfc(v); }));
}

Tensor erfinv(const Tensor& x) {
  static constexpr Op op = {
      .name = "erfinv",
      .vjp = {{{keep::y, [](Grad g, Fn f) { return mul0(g / two_over_root_pi, exp(square(f.y()))); }}}},
      .again = [](Call c) { return erfinv(c.x(0)); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return erfinv(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::erfinv(v); }));
}

namespace detail {

Tensor gaussian(const Tensor& x, double c) {
  static constexpr Op op = {.name = "gaussian",
                            .vjp = {{{keep::x(0) | keep::y,
                                      [](Grad h, Fn f) {
                                        const double twice = -2 * f.attributes<Rate>().c;
                                        return mul0(h, twice * mul0(f.y(), f.x(0)));
                                      }}}},
                            .fields = &fields_of<Rate>,
                            .again = [](Call call) { return gaussian(call.x(0), call.attributes<Rate>().c); },
                            .jvp = Jvp::By::elementwise};
  return record(op, {x},
                map_simd(x,
                         [c](auto v) {
                           using T = typename decltype(v)::value_type;
                           return simd::gaussian(v, static_cast<T>(c));
                         }),
                Rate{c});
}

}  // namespace detail

// The gamma function ---------------------------------------------------------------------------------------

Tensor lgamma(const Tensor& x) {
  static constexpr Op op = {.name = "lgamma",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, digamma(f.x(0))); }}}},
                            .again = [](Call c) { return lgamma(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return lgamma(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return simd::lgamma(v); }));
}

Tensor digamma(const Tensor& x) {
  check_defined("digamma", x);
  return polygamma(0, x);
}

Tensor polygamma(int n, const Tensor& x) {
  static constexpr Op op = {
      .name = "polygamma",
      .vjp = {{{keep::x(0),
                [](Grad g, Fn f) { return mul0(g, polygamma(f.attributes<Order>().n + 1, f.x(0))); }}}},
      .fields = &fields_of<Order>,
      .again = [](Call c) { return polygamma(c.attributes<Order>().n, c.x(0)); },
      .jvp = Jvp::By::elementwise};
  if (n < 0 || n > 170)
    fail("polygamma",
         "n must lie between 0 and 170, whose factorial is the largest: it is " + std::to_string(n));
  if (!is_floating(x.dtype())) return polygamma(n, x.to(float32));
  if (n == 0) return record(op, {x}, map_simd(x, [](auto v) { return simd::digamma(v); }), Order{n});
  const double factorial = std::tgamma(n + 1.0) * (n % 2 ? 1 : -1);
  return record(op, {x}, map_simd(x, [=](auto v) { return simd::polygamma(n, factorial, v); }), Order{n});
}

// The cardinal sine ----------------------------------------------------------------------------------------

namespace {

/// The spherical Bessel function j_n(pi x), which sinc is for n = 0: j_n' = (n j_(n-1) - (n + 1) j_(n+1)) /
/// (2 n + 1).
Tensor bessel(int n, const Tensor& x) {
  static constexpr Op op = {.name = "sinc",
                            .vjp = {{{keep::x(0),
                                      [](Grad g, Fn f) {
                                        const int k = f.attributes<Order>().n;
                                        const Tensor at = f.x(0), above = bessel(k + 1, at) * (k + 1);
                                        const Tensor slope = k == 0 ? above : above - bessel(k - 1, at) * k;
                                        return mul0(g, slope * (-std::numbers::pi / (2 * k + 1)));
                                      }}}},
                            .fields = &fields_of<Order>,
                            .again = [](Call c) { return bessel(c.attributes<Order>().n, c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  return record(op, {x}, map_simd(x, [n](auto v) { return simd::bessel(n, v); }), Order{n});
}

}  // namespace

Tensor sinc(const Tensor& x) {
  if (!is_floating(x.dtype())) return sinc(x.to(float32));
  return bessel(0, x);
}

}  // namespace xgrad
