#include "xgrad/core/ops/arithmetic.hpp"

#include <cmath>

#include "autodiff/fields.hpp"
#include "kernels/loops/wrap.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/unary.hpp"
#include "xgrad/simd/power.hpp"

namespace xgrad {

using namespace detail;

Tensor add(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "add",
                            .vjp = {{{keep::nothing, [](Grad g, Fn) { return g; }},    // da
                                     {keep::nothing, [](Grad g, Fn) { return g; }}}},  // db
                            .again = [](Call c) { return add(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  if (differ(a, b)) {
    const auto [p, q] = promote("add", a, b);
    return add(p, q);
  }
  return record(op, {a, b}, zip("add", a, b, [](auto u, auto v) { return plus(u, v); }));
}

Tensor sub(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "sub",
                            .vjp = {{{keep::nothing, [](Grad g, Fn) { return g; }},     // da
                                     {keep::nothing, [](Grad g, Fn) { return -g; }}}},  // db
                            .again = [](Call c) { return sub(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  if (differ(a, b)) {
    const auto [p, q] = promote("sub", a, b);
    return sub(p, q);
  }
  return record(op, {a, b}, zip("sub", a, b, [](auto u, auto v) { return minus(u, v); }));
}

Tensor mul(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "mul",
                            .vjp = {{{keep::x(1), [](Grad g, Fn f) { return g * f.x(1); }},    // da
                                     {keep::x(0), [](Grad g, Fn f) { return g * f.x(0); }}}},  // db
                            .again = [](Call c) { return mul(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  if (differ(a, b)) {
    const auto [p, q] = promote("mul", a, b);
    return mul(p, q);
  }
  return record(op, {a, b}, zip("mul", a, b, [](auto u, auto v) { return times(u, v); }));
}

Tensor mul0(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "mul0",
                            .vjp = {{{keep::x(1), [](Grad g, Fn f) { return mul0(g, f.x(1)); }},    // da
                                     {keep::x(0), [](Grad g, Fn f) { return mul0(g, f.x(0)); }}}},  // db
                            .again = [](Call c) { return mul0(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  if (differ(a, b)) {
    const auto [p, q] = promote("mul0", a, b);
    return mul0(p, q);
  }
  return record(op, {a, b}, zip("mul0", a, b, [](auto u, auto v) { return u == 0 ? u : times(u, v); }));
}

Tensor div(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {
      .name = "div",
      .vjp = {{{keep::x(1), [](Grad g, Fn f) { return mul0(g, 1.0 / f.x(1)); }},                 // da
               {keep::x(1) | keep::y, [](Grad g, Fn f) { return mul0(g, -f.y() / f.x(1)); }}}},  // db
      .again = [](Call c) { return div(c.x(0), c.x(1)); },
      .jvp = Jvp::By::elementwise};
  if (differ(a, b) || a.dtype() == int64) {
    const auto [p, q] = promote("div", a, b);
    return div(as_floating(p), as_floating(q));
  }
  return record(op, {a, b}, zip_floating("div", a, b, [](auto u, auto v) { return u / v; }));
}

// With C++ numbers ------------------------------------------------------------------------------------------

Tensor add(const Tensor& a, Scalar b) {
  static constexpr Op op = {.name = "add_number",
                            .vjp = {{{keep::nothing, [](Grad g, Fn) { return g; }}}},
                            .fields = &fields_of<Number>,
                            .again = [](Call c) { return add(c.x(0), c.attributes<Number>().number); },
                            .jvp = Jvp::By::elementwise};
  if (const DType t = dtype_with(a, b); t != a.dtype()) return add(a.to(t), b);
  return record(op, {a}, map_number(a, b, [](auto u, auto s) { return plus(u, s); }), Number{b});
}

Tensor sub(const Tensor& a, Scalar b) {
  static constexpr Op op = {.name = "sub_number",
                            .vjp = {{{keep::nothing, [](Grad g, Fn) { return g; }}}},
                            .fields = &fields_of<Number>,
                            .again = [](Call c) { return sub(c.x(0), c.attributes<Number>().number); },
                            .jvp = Jvp::By::elementwise};
  if (const DType t = dtype_with(a, b); t != a.dtype()) return sub(a.to(t), b);
  return record(op, {a}, map_number(a, b, [](auto u, auto s) { return minus(u, s); }), Number{b});
}

Tensor sub(Scalar a, const Tensor& b) {
  static constexpr Op op = {.name = "number_sub",
                            .vjp = {{{keep::nothing, [](Grad g, Fn) { return -g; }}}},
                            .fields = &fields_of<Number>,
                            .again = [](Call c) { return sub(c.attributes<Number>().number, c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (const DType t = dtype_with(b, a); t != b.dtype()) return sub(a, b.to(t));
  return record(op, {b}, map_number(b, a, [](auto u, auto s) { return minus(s, u); }), Number{a});
}

Tensor mul(const Tensor& a, Scalar b) {
  static constexpr Op op = {
      .name = "mul_number",
      .vjp = {{{keep::nothing, [](Grad g, Fn f) { return g * f.attributes<Number>().number; }}}},
      .fields = &fields_of<Number>,
      .again = [](Call c) { return mul(c.x(0), c.attributes<Number>().number); },
      .jvp = Jvp::By::elementwise};
  if (const DType t = dtype_with(a, b); t != a.dtype()) return mul(a.to(t), b);
  return record(op, {a}, map_number(a, b, [](auto u, auto s) { return times(u, s); }), Number{b});
}

Tensor div(const Tensor& a, Scalar b) {
  static constexpr Op op = {
      .name = "div_number",
      .vjp = {{{keep::nothing, [](Grad g, Fn f) { return g / f.attributes<Number>().number; }}}},
      .fields = &fields_of<Number>,
      .again = [](Call c) { return div(c.x(0), c.attributes<Number>().number); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(a.dtype())) return div(a.to(float32), b);
  return record(op, {a}, map_number(a, b, [](auto u, auto s) { return u / s; }), Number{b});
}

Tensor div(Scalar a, const Tensor& b) {
  static constexpr Op op = {
      .name = "number_div",
      .vjp = {{{keep::x(0) | keep::y, [](Grad g, Fn f) { return mul0(g, -f.y() / f.x(0)); }}}},
      .fields = &fields_of<Number>,
      .again = [](Call c) { return div(c.attributes<Number>().number, c.x(0)); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(b.dtype())) return div(a, b.to(float32));
  return record(op, {b}, map_number(b, a, [](auto u, auto s) { return s / u; }), Number{a});
}

Tensor neg(const Tensor& x) {
  static constexpr Op op = {.name = "neg",
                            .vjp = {{{keep::nothing, [](Grad g, Fn) { return -g; }}}},
                            .again = [](Call c) { return neg(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (x.dtype() == boolean) return neg(x.to(int64));
  return record(op, {x}, map_number(x, -1, [](auto u, auto s) { return times(u, s); }));
}

// Powers ----------------------------------------------------------------------------------------------------

namespace {

/// u^n modulo 2^64, by squaring; of 1 and -1 also for n < 0.
std::int64_t integer_power(std::int64_t u, std::int64_t n) {
  if (n < 0) return n % 2 == 0 ? 1 : u;
  std::int64_t y = 1;
  for (; n > 0; n /= 2, u = times(u, u))
    if (n % 2 == 1) y = times(y, u);
  return y;
}

Tensor integer_powers(const Tensor& x, const Tensor& p) {
  bool whole = true;
  const Tensor y = zip_as<std::int64_t, std::int64_t>("pow", x, p, [&](std::int64_t u, std::int64_t n) {
    whole &= n >= 0 || u == 1 || u == -1;
    return integer_power(u, n);
  });
  if (!whole)
    fail("pow", "an integer to a negative power is no integer: x is " + x.describe() + ", p is " +
                    p.describe() + "; convert x with x.to(float32)");
  return y;
}

}  // namespace

Tensor pow(const Tensor& x, const Tensor& p) {
  static constexpr Op op = {
      .name = "pow",
      .vjp = {{{keep::x(0) | keep::x(1),  // dx = p x^(p-1), 0 where p = 0
                [](Grad g, Fn f) {
                  const Tensor e = f.x(1);
                  return mul0(g, mul0(e, pow(f.x(0), e - 1)));
                }},
               {keep::x(0) | keep::x(1) | keep::y,  // dp = x^p log x, 0 where x = 0 <= p or |x| = inf, p < 0
                [](Grad g, Fn f) {
                  const Tensor base = f.x(0), e = f.x(1);
                  const Tensor flat = where(base == 0, e >= 0, logical_and(isinf(base), e < 0));
                  return mul0(g, where(flat, 0, mul0(f.y(), log(base))));
                }}}},
      .again = [](Call c) { return pow(c.x(0), c.x(1)); },
      .jvp = Jvp::By::elementwise};
  if (differ(x, p)) {
    const auto [u, v] = promote("pow", x, p);
    return pow(u, v);
  }
  if (x.dtype() == int64) return pass(op, {x, p}, integer_powers(x, p));
  return record(op, {x, p}, zip_simd_broadcast("pow", x, p, [](auto u, auto v) { return simd::pow(u, v); }));
}

Tensor pow(const Tensor& x, Scalar p) {
  static constexpr Op op = {.name = "pow_number",
                            .vjp = {{{keep::x(0),
                                      [](Grad g, Fn f) {
                                        const double q = f.attributes<Number>().number.to<double>();
                                        if (q == 0) return zeros_of(f.shape(0), f.dtype(0));
                                        return mul0(g, q * pow(f.x(0), q - 1));
                                      }}}},
                            .fields = &fields_of<Number>,
                            .again = [](Call c) { return pow(c.x(0), c.attributes<Number>().number); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype()))
    return p.kind() == float64 ? pow(x.to(float32), p) : pow(x, constant(p, int64));
  const double q = p.to<double>();
  const auto power = [&](auto f) { return record(op, {x}, map(x, f), Number{q}); };
  if (q == 2) return power([](auto u) { return u * u; });
  if (q == 1) return power([](auto u) { return u; });
  if (q == 3) return power([](auto u) { return u * u * u; });
  if (q == -1) return power([](auto u) { return 1 / u; });
  if (q == 0.5) return power([](auto u) { return std::abs(u) == INFINITY ? INFINITY : std::sqrt(u + 0); });
  return record(op, {x},
                map_simd(x,
                         [q](auto v) {
                           using V = decltype(v);
                           return simd::pow(v, V(static_cast<typename V::value_type>(q)));
                         }),
                Number{q});
}

Tensor pow(Scalar x, const Tensor& p) {
  const DType t = dtype_with(p, x);
  return pow(constant(x, t), p.to(t));
}

}  // namespace xgrad
