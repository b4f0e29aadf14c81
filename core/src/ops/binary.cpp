#include "xgrad/core/ops/binary.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/elementwise.hpp"
#include "ops/promote.hpp"
#include "ops/vjp.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/unary.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// f(a, b) in the floating dtype of the two.
template <class F>
Tensor floating(const char* op, const Tensor& a, const Tensor& b, F f) {
  const auto [p, q] = promote(op, a, b);
  return f(as_floating(p), as_floating(q));
}

bool both_floating(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && is_floating(a.dtype());
}

/// A length to divide by, where a quotient by 0 is to be 0.
Tensor or_inf(const Tensor& length) { return where(length == 0, INFINITY, length); }

}  // namespace

// Lengths and angles ----------------------------------------------------------------------------------------

Tensor atan2(const Tensor& y, const Tensor& x) {
  static constexpr Op op = {.name = "atan2",
                            .vjp = {{{keep::x(0) | keep::x(1),  // dy
                                      [](Grad g, Fn f) {
                                        const Tensor r = or_inf(hypot(f.x(0), f.x(1)));
                                        return mul0(g, f.x(1) / r / r);
                                      }},
                                     {keep::x(0) | keep::x(1), [](Grad g, Fn f) {  // dx
                                        const Tensor r = or_inf(hypot(f.x(0), f.x(1)));
                                        return mul0(g, -f.x(0) / r / r);
                                      }}}}};
  if (!both_floating(y, x))
    return floating("atan2", y, x, [](const Tensor& u, const Tensor& v) { return atan2(u, v); });
  return record(op, {y, x}, zip_floating("atan2", y, x, [](auto u, auto v) { return std::atan2(u, v); }));
}

Tensor hypot(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "hypot",
                            .vjp = {{{keep::x(0) | keep::y,  // da
                                      [](Grad g, Fn f) { return mul0(g, f.x(0) / or_inf(f.y())); }},
                                     {keep::x(1) | keep::y,  // db
                                      [](Grad g, Fn f) { return mul0(g, f.x(1) / or_inf(f.y())); }}}}};
  if (!both_floating(a, b))
    return floating("hypot", a, b, [](const Tensor& p, const Tensor& q) { return hypot(p, q); });
  return record(op, {a, b}, zip_floating("hypot", a, b, [](auto u, auto v) { return std::hypot(u, v); }));
}

// Logarithms ------------------------------------------------------------------------------------------------

namespace {

/// a - b, and 0 for equal infinities.
Tensor gap(const Tensor& a, const Tensor& b) { return where(logical_and(a == b, isinf(a)), 0, a - b); }

/// The cotangent, 0 where the value is -inf.
Tensor with_mass(const Tensor& g, const Tensor& y) { return where(y == -INFINITY, 0, g); }

}  // namespace

Tensor logaddexp(const Tensor& a, const Tensor& b) {
  static constexpr std::uint32_t all = keep::x(0) | keep::x(1) | keep::y;
  static constexpr Op op = {
      .name = "logaddexp",
      .vjp = {{{all,  // da
                [](Grad g, Fn f) {
                  return sigmoid_times(with_mass(g, f.y()), gap(f.x(0), f.x(1)), {1, INFINITY});
                }},
               {all,  // db
                [](Grad g, Fn f) {
                  return sigmoid_times(with_mass(g, f.y()), gap(f.x(0), f.x(1)), {-1, INFINITY});
                }}}}};
  if (!both_floating(a, b))
    return floating("logaddexp", a, b, [](const Tensor& p, const Tensor& q) { return logaddexp(p, q); });
  return record(op, {a, b}, zip_floating("logaddexp", a, b, [](auto u, auto v) {
                  const auto top = u > v ? u : v;
                  if (u == v && std::isinf(u)) return u;
                  return top + std::log1p(std::exp(-std::abs(u - v)));
                }));
}

Tensor xlogy(const Tensor& x, const Tensor& y) {
  static constexpr Op op = {.name = "xlogy",
                            .vjp = {{{keep::x(0) | keep::x(1),  // dx
                                      [](Grad g, Fn f) {
                                        const Tensor none = logical_and(f.x(0) == 0, f.x(1) == 0);
                                        return where(none, 0, mul0(g, log(f.x(1))));
                                      }},
                                     {keep::x(0) | keep::x(1),  // dy
                                      [](Grad g, Fn f) { return mul0(g, div0(f.x(0), f.x(1))); }}}}};
  if (!both_floating(x, y))
    return floating("xlogy", x, y, [](const Tensor& u, const Tensor& v) { return xlogy(u, v); });
  return record(op, {x, y}, zip_floating("xlogy", x, y, [](auto u, auto v) {
                  return u == 0 && v == v ? decltype(u){0} : u * std::log(v);
                }));
}

Tensor xlogy(const Tensor& x, Scalar y) { return xlogy(x, constant(y, as_floating(x).dtype())); }
Tensor xlogy(Scalar x, const Tensor& y) { return xlogy(constant(x, as_floating(y).dtype()), y); }

// Quotients and remainders ----------------------------------------------------------------------------------

namespace {

void check_divisor(const char* op, const Tensor& a, const Tensor& b) {
  if (b.dtype(op) != int64) return;
  const std::int64_t* p = ptr<std::int64_t>(b);
  if (std::find(p, p + b.numel(), 0) != p + b.numel())
    fail(op, "integers are divided by 0: " + operands(a, b) + "; convert one with .to(float32)");
}

template <class T>
T remainder_of(T u, T v) {
  if constexpr (std::floating_point<T>) {
    const T r = std::fmod(u, v);
    return r != 0 && (r < 0) != (v < 0) ? r + v : r;
  } else {
    if (v == -1) return 0;  // also for the smallest number
    const T r = u % v;
    return r != 0 && (r < 0) != (v < 0) ? r + v : r;
  }
}

/// -(a - y) / b, a whole number: what a remainder y has taken off.
Tensor minus_quotient(Fn f) {
  const Tensor a = f.x(0).detach(), b = f.x(1).detach(), y = f.y().detach();
  return map((y - a) / b, [](auto u) { return std::round(u); });
}

}  // namespace

Tensor fmod(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "fmod",
                            .vjp = {{{keep::nothing, [](Grad g, Fn) { return g; }},  // da
                                     {keep::x(0) | keep::x(1) | keep::y,             // db
                                      [](Grad g, Fn f) { return mul0(g, minus_quotient(f)); }}}}};
  if (differ(a, b)) {
    const auto [p, q] = promote("fmod", a, b);
    return fmod(p, q);
  }
  check_divisor("fmod", a, b);
  return record(op, {a, b}, visit_number(a.dtype(), [&](auto t) {
                  using T = type_of<decltype(t)>;
                  return zip_as<T, T>("fmod", a, b, [](T u, T v) {
                    if constexpr (std::floating_point<T>)
                      return std::fmod(u, v);
                    else
                      return v == -1 ? 0 : u % v;
                  });
                }));
}

Tensor remainder(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "remainder",
                            .vjp = {{{keep::nothing, [](Grad g, Fn) { return g; }},  // da
                                     {keep::x(0) | keep::x(1) | keep::y,             // db
                                      [](Grad g, Fn f) { return mul0(g, minus_quotient(f)); }}}}};
  if (differ(a, b)) {
    const auto [p, q] = promote("remainder", a, b);
    return remainder(p, q);
  }
  check_divisor("remainder", a, b);
  return record(op, {a, b}, visit_number(a.dtype(), [&](auto t) {
                  using T = type_of<decltype(t)>;
                  return zip_as<T, T>("remainder", a, b, remainder_of<T>);
                }));
}

Tensor floor_divide(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {
      .name = "floor_divide",
      .vjp = {{{keep::nothing, [](Grad, Fn f) { return zeros_of(f.shape(0), f.dtype(0)); }},
               {keep::nothing, [](Grad, Fn f) { return zeros_of(f.shape(1), f.dtype(1)); }}}}};
  if (differ(a, b)) {
    const auto [p, q] = promote("floor_divide", a, b);
    return floor_divide(p, q);
  }
  check_divisor("floor_divide", a, b);
  return record(op, {a, b}, visit_number(a.dtype(), [&](auto t) {
                  using T = type_of<decltype(t)>;
                  return zip_as<T, T>("floor_divide", a, b, [](T u, T v) {
                    if constexpr (std::floating_point<T>)
                      return v == 0 ? u / v : std::round((u - remainder_of(u, v)) / v);
                    else
                      return v == -1 ? static_cast<T>(-static_cast<std::uint64_t>(u))
                                     : (u - remainder_of(u, v)) / v;
                  });
                }));
}

Tensor fmod(const Tensor& a, Scalar b) { return fmod(a, constant(b, dtype_with(a, b))); }
Tensor remainder(const Tensor& a, Scalar b) { return remainder(a, constant(b, dtype_with(a, b))); }
Tensor floor_divide(const Tensor& a, Scalar b) { return floor_divide(a, constant(b, dtype_with(a, b))); }

// Of three --------------------------------------------------------------------------------------------------

namespace {

/// Checks three operands under the name of an op that is made of others.
void check_three(const char* op, const Tensor& a, const Tensor& b, const Tensor& c) {
  common_dtype(op, a, b), common_dtype(op, a, c), common_dtype(op, b, c);
  broadcast_shapes(op, a, b), broadcast_shapes(op, a, c), broadcast_shapes(op, b, c);
}

}  // namespace

Tensor lerp(const Tensor& start, const Tensor& end, const Tensor& weight) {
  check_three("lerp", start, end, weight);
  const Tensor way = end - start;
  return where(weight < 0.5, start + weight * way, end - (1 - weight) * way);
}

Tensor lerp(const Tensor& start, const Tensor& end, Scalar weight) {
  common_dtype("lerp", start, end);
  broadcast_shapes("lerp", start, end);
  const double w = weight.to<double>();
  return w < 0.5 ? start + w * (end - start) : end - (1 - w) * (end - start);
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
