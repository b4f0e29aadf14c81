#include "xgrad/core/ops/binary.hpp"

#include <cmath>

#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "ops/support/vjp.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/unary.hpp"
#include "xgrad/simd/pairs.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// f(a, b) in the floating dtype of the two.
template <class F>
Tensor floating(const char* op, const Tensor& a, const Tensor& b, F f) {
  const auto [p, q] = promote(op, a, b);
  return f(as_floating(p), as_floating(q));
}

bool both_floating(const Tensor& a, const Tensor& b, const char* op = __builtin_FUNCTION()) {
  return a.dtype(op) == b.dtype(op) && is_floating(a.dtype());
}

/// f of corresponding elements, in the shape of g, to which a and b broadcast.
template <class F>
Tensor zip_three(const Tensor& g, const Tensor& a, const Tensor& b, F f) {
  return zip_simd(f, g, spread(a, g.shape()), spread(b, g.shape()));
}

/// A length to divide by, where a quotient by 0 is to be 0.
Tensor or_inf(const Tensor& length) { return where(length == 0, INFINITY, length); }
template <class V>
V or_inf(const V& length) {
  return xsimd::select(length == V(0), V(std::numeric_limits<simd::Value<V>>::infinity()), length);
}

}  // namespace

// Lengths and angles ----------------------------------------------------------------------------------------

namespace {

/// g a / (a^2 + b^2), 0 at the origin.
Tensor atan2_vjp(const Tensor& g, const Tensor& a, const Tensor& b) {
  struct Point {
    Tensor weight, u, v;  // h g / r^2, a / r, b / r
    explicit Point(Grad h, Fn f) {
      const Tensor r = or_inf(hypot(f.x(1), f.x(2)));
      weight = mul0(h, f.x(0)) / r / r, u = f.x(1) / r, v = f.x(2) / r;
    }
  };
  static constexpr std::uint32_t all = keep::x(0) | keep::x(1) | keep::x(2);
  static constexpr Op op = {
      .name = "atan2_vjp",
      .vjp = {{{keep::x(1) | keep::x(2), [](Grad h, Fn f) { return atan2_vjp(h, f.x(1), f.x(2)); }},
               {all,  // da
                [](Grad h, Fn f) {
                  const Point p(h, f);
                  return p.weight * ((p.v - p.u) * (p.v + p.u));
                }},
               {all,
                [](Grad h, Fn f) {  // db
                  const Point p(h, f);
                  return p.weight * (-2 * p.u * p.v);
                }}}},
      .again = [](Call c) { return atan2_vjp(c.x(0), c.x(1), c.x(2)); },
      .jvp = Jvp::By::elementwise};
  return record(op, {g, a, b}, zip_three(g, a, b, [](auto w, auto u, auto v) {
                  const auto r = or_inf(simd::hypot(u, v));
                  return simd::mul0(w, u / r / r);
                }));
}

/// g a / y, 0 where y is.
Tensor hypot_vjp(const Tensor& g, const Tensor& a, const Tensor& y) {
  static constexpr Op op = {
      .name = "hypot_vjp",
      .vjp = {{{keep::x(1) | keep::x(2), [](Grad h, Fn f) { return hypot_vjp(h, f.x(1), f.x(2)); }},
               {keep::x(0) | keep::x(2),  // da
                [](Grad h, Fn f) { return hypot_vjp(h, f.x(0), f.x(2)); }},
               {keep::x(0) | keep::x(1) | keep::x(2),
                [](Grad h, Fn f) {  // dy
                  return -hypot_vjp(hypot_vjp(h, f.x(0), f.x(2)), f.x(1), f.x(2));
                }}}},
      .again = [](Call c) { return hypot_vjp(c.x(0), c.x(1), c.x(2)); },
      .jvp = Jvp::By::elementwise};
  return record(op, {g, a, y},
                zip_three(g, a, y, [](auto w, auto u, auto v) { return simd::mul0(w, u / or_inf(v)); }));
}

constexpr std::uint32_t both = keep::x(0) | keep::x(1);

}  // namespace

Tensor atan2(const Tensor& y, const Tensor& x) {
  static constexpr Op op = {
      .name = "atan2",
      .vjp = {{{both, [](Grad g, Fn f) { return atan2_vjp(g, f.x(1), f.x(0)); }},     // dy
               {both, [](Grad g, Fn f) { return -atan2_vjp(g, f.x(0), f.x(1)); }}}},  // dx
      .again = [](Call c) { return atan2(c.x(0), c.x(1)); },
      .jvp = Jvp::By::elementwise};
  if (!both_floating(y, x))
    return floating("atan2", y, x, [](const Tensor& u, const Tensor& v) { return atan2(u, v); });
  return record(op, {y, x},
                zip_simd_broadcast("atan2", y, x, [](auto u, auto v) { return simd::atan2(u, v); }));
}

Tensor hypot(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "hypot",
                            .vjp = {{{keep::x(0) | keep::y,  // da
                                      [](Grad g, Fn f) { return hypot_vjp(g, f.x(0), f.y()); }},
                                     {keep::x(1) | keep::y,  // db
                                      [](Grad g, Fn f) { return hypot_vjp(g, f.x(1), f.y()); }}}},
                            .again = [](Call c) { return hypot(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  if (!both_floating(a, b))
    return floating("hypot", a, b, [](const Tensor& p, const Tensor& q) { return hypot(p, q); });
  return record(op, {a, b},
                zip_simd_broadcast("hypot", a, b, [](auto u, auto v) { return simd::hypot(u, v); }));
}

// Logarithms ------------------------------------------------------------------------------------------------

namespace {

/// g s(a - b), s the sigmoid; g / 2 for equal infinities, but 0 where there is nothing to share.
Tensor logaddexp_vjp(const Tensor& g, const Tensor& a, const Tensor& b) {
  static constexpr auto curve = [](Tensor h, Fn f) {
    const Tensor u = f.x(1), v = f.x(2), flat = logical_and(u == v, isinf(u));
    return sigmoid_vjp(where(flat, 0, mul0(h, f.x(0))), u - v);
  };
  static constexpr std::uint32_t all = keep::x(0) | keep::x(1) | keep::x(2);
  static constexpr Op op = {
      .name = "logaddexp_vjp",
      .vjp = {{{keep::x(1) | keep::x(2), [](Grad h, Fn f) { return logaddexp_vjp(h, f.x(1), f.x(2)); }},
               {all, [](Grad h, Fn f) { return curve(h, f); }},
               {all, [](Grad h, Fn f) { return -curve(h, f); }}}},
      .again = [](Call c) { return logaddexp_vjp(c.x(0), c.x(1), c.x(2)); },
      .jvp = Jvp::By::elementwise};
  const auto value = [](auto w, auto u, auto v) {
    using V = decltype(w);
    const V none(static_cast<typename V::value_type>(-INFINITY));
    const V slope = simd::sigmoid(xsimd::select(u == v, V(0), u - v));
    return xsimd::select((u == none) & (v == none), V(0), simd::mul0(w, slope));
  };
  return record(op, {g, a, b}, zip_three(g, a, b, value));
}

}  // namespace

Tensor logaddexp(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "logaddexp",
                            .vjp = {{{both, [](Grad g, Fn f) { return logaddexp_vjp(g, f.x(0), f.x(1)); }},
                                     {both, [](Grad g, Fn f) { return logaddexp_vjp(g, f.x(1), f.x(0)); }}}},
                            .again = [](Call c) { return logaddexp(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  if (!both_floating(a, b))
    return floating("logaddexp", a, b, [](const Tensor& p, const Tensor& q) { return logaddexp(p, q); });
  return record(op, {a, b},
                zip_simd_broadcast("logaddexp", a, b, [](auto u, auto v) { return simd::logaddexp(u, v); }));
}

Tensor xlogy(const Tensor& x, const Tensor& y) {
  static constexpr Op op = {.name = "xlogy",
                            .vjp = {{{keep::x(0) | keep::x(1),  // dx
                                      [](Grad g, Fn f) {
                                        const Tensor none = logical_and(f.x(0) == 0, f.x(1) == 0);
                                        return where(none, 0, mul0(g, log(f.x(1))));
                                      }},
                                     {keep::x(0) | keep::x(1),  // dy
                                      [](Grad g, Fn f) { return mul0(g, div0(f.x(0), f.x(1))); }}}},
                            .again = [](Call c) { return xlogy(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  if (!both_floating(x, y))
    return floating("xlogy", x, y, [](const Tensor& u, const Tensor& v) { return xlogy(u, v); });
  return record(op, {x, y},
                zip_simd_broadcast("xlogy", x, y, [](auto u, auto v) { return simd::xlogy(u, v); }));
}

Tensor xlogy(const Tensor& x, Scalar y) { return xlogy(x, constant(y, as_floating(x).dtype())); }
Tensor xlogy(Scalar x, const Tensor& y) { return xlogy(constant(x, as_floating(y).dtype()), y); }

// Of a number and a tensor ----------------------------------------------------------------------------------

namespace {

/// A number as an operand beside x.
Tensor beside(const char* op, const Tensor& x, Scalar s) {
  return constant(s, as_floating(x, op).dtype(), op);
}

}  // namespace

Tensor atan2(const Tensor& y, Scalar x) { return atan2(y, beside("atan2", y, x)); }
Tensor atan2(Scalar y, const Tensor& x) { return atan2(beside("atan2", x, y), x); }
Tensor hypot(const Tensor& a, Scalar b) { return hypot(a, beside("hypot", a, b)); }
Tensor hypot(Scalar a, const Tensor& b) { return hypot(beside("hypot", b, a), b); }
Tensor logaddexp(const Tensor& a, Scalar b) { return logaddexp(a, beside("logaddexp", a, b)); }
Tensor logaddexp(Scalar a, const Tensor& b) { return logaddexp(beside("logaddexp", b, a), b); }

// Of three --------------------------------------------------------------------------------------------------

namespace {

/// Checks three operands under the name of an op, and returns the shape that they broadcast to.
Shape check_three(const char* op, const Tensor& a, const Tensor& b, const Tensor& c) {
  common_dtype(op, a, b), common_dtype(op, a, c), common_dtype(op, b, c);
  broadcast_shapes(op, a, c), broadcast_shapes(op, b, c);
  return broadcast_shapes(op, broadcast_shapes(op, a, b), c.shape());
}

/// The floating dtype of three operands.
DType floating_dtype(const Tensor& a, const Tensor& b, const Tensor& c) {
  return is_floating(a.dtype()) ? a.dtype() : is_floating(b.dtype()) ? b.dtype() : as_floating(c).dtype();
}

}  // namespace

Tensor lerp(const Tensor& start, const Tensor& end, const Tensor& weight) {
  static constexpr Op op = {
      .name = "lerp",
      .vjp = {{{keep::x(2), [](Grad g, Fn f) { return g * (1 - f.x(2)); }},                      // dstart
               {keep::x(2), [](Grad g, Fn f) { return g * f.x(2); }},                            // dend
               {keep::x(0) | keep::x(1), [](Grad g, Fn f) { return g * (f.x(1) - f.x(0)); }}}},  // dweight
      .again = [](Call c) { return lerp(c.x(0), c.x(1), c.x(2)); },
      .jvp = Jvp::By::elementwise};
  const Shape shape = check_three("lerp", start, end, weight);
  if (!both_floating(start, end) || !both_floating(start, weight)) {
    const DType t = floating_dtype(start, end, weight);
    return lerp(start.to(t), end.to(t), weight.to(t));
  }
  const auto value = [](auto u, auto v, auto w) {
    using V = decltype(w);
    const V way = v - u;
    return xsimd::select(w < V(0.5), simd::fma(w, way, u), simd::fma(w - V(1), way, v));
  };
  return record(op, {start, end, weight},
                zip_simd(value, spread(start, shape), spread(end, shape), spread(weight, shape)));
}

Tensor lerp(const Tensor& start, const Tensor& end, Scalar weight) {
  common_dtype("lerp", start, end);
  broadcast_shapes("lerp", start, end);
  const double w = weight.to<double>();
  return w < 0.5 ? start + w * (end - start) : end - (1 - w) * (end - start);
}

Tensor lerp(const Tensor& start, Scalar end, Scalar weight) {
  return lerp(start, beside("lerp", start, end), weight);
}
Tensor lerp(const Tensor& start, Scalar end, const Tensor& weight) {
  return lerp(start, beside("lerp", start, end), weight);
}
Tensor lerp(Scalar start, const Tensor& end, Scalar weight) {
  return lerp(beside("lerp", end, start), end, weight);
}
Tensor lerp(Scalar start, const Tensor& end, const Tensor& weight) {
  return lerp(beside("lerp", end, start), end, weight);
}

Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value) {
  check_three("addcmul", x, a, b);
  return x + a * b * value;
}

Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value) {
  check_three("addcdiv", x, a, b);
  return x + a / b * value;
}

}  // namespace xgrad
