#include <algorithm>

#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/binary.hpp"
#include "xgrad/simd/pairs.hpp"

namespace xgrad {

using namespace detail;

namespace {

void check_divisor(const char* op, const Tensor& a, const Tensor& b) {
  if (b.dtype(op) != int64) return;
  const std::int64_t* p = ptr<std::int64_t>(b);
  if (std::find(p, p + b.numel(), 0) != p + b.numel())
    fail(op, "integers are divided by 0: " + operands(a, b) + "; convert one with .to(float32)");
}

using Integer = std::int64_t;

Integer remainder_of(Integer u, Integer v) {
  if (v == -1) return 0;  // also for the smallest number
  const Integer r = u % v;
  return r != 0 && (r < 0) != (v < 0) ? r + v : r;
}

/// -(a - y) / b, a whole number: what a remainder y has taken off.
Tensor minus_quotient(const Tensor& y, const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "minus_quotient",
                            .again = [](Call c) { return minus_quotient(c.x(0), c.x(1), c.x(2)); }};
  return pass(op, {y, a, b},
              zip_simd([](auto r, auto u, auto v) { return simd::round((r - u) / v); }, y,
                       spread(a, y.shape()), spread(b, y.shape())));
}

/// by_integer of integers, by_batch of floating numbers.
template <class F, class G>
Tensor by_dtype(const char* op, const Tensor& a, const Tensor& b, F by_integer, G by_batch) {
  check_divisor(op, a, b);
  if (a.dtype() == int64) return zip_as<Integer, Integer>(op, a, b, by_integer);
  return zip_simd_broadcast(op, a, b, by_batch);
}

}  // namespace

Tensor fmod(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {
      .name = "fmod",
      .vjp = {{{keep::nothing, [](Grad g, Fn) { return g; }},  // da
               {keep::x(0) | keep::x(1) | keep::y,             // db
                [](Grad g, Fn f) { return mul0(g, minus_quotient(f.y(), f.x(0), f.x(1))); }}}},
      .again = [](Call c) { return fmod(c.x(0), c.x(1)); },
      .jvp = Jvp::By::elementwise};
  if (differ(a, b)) {
    const auto [p, q] = promote("fmod", a, b);
    return fmod(p, q);
  }
  const auto by_integer = [](Integer u, Integer v) -> Integer { return v == -1 ? 0 : u % v; };
  return record(op, {a, b},
                by_dtype("fmod", a, b, by_integer, [](auto u, auto v) { return simd::fmod(u, v); }));
}

Tensor remainder(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {
      .name = "remainder",
      .vjp = {{{keep::nothing, [](Grad g, Fn) { return g; }},  // da
               {keep::x(0) | keep::x(1) | keep::y,             // db
                [](Grad g, Fn f) { return mul0(g, minus_quotient(f.y(), f.x(0), f.x(1))); }}}},
      .again = [](Call c) { return remainder(c.x(0), c.x(1)); },
      .jvp = Jvp::By::elementwise};
  if (differ(a, b)) {
    const auto [p, q] = promote("remainder", a, b);
    return remainder(p, q);
  }
  return record(op, {a, b}, by_dtype("remainder", a, b, remainder_of, [](auto u, auto v) {
                  return simd::remainder(u, v);
                }));
}

Tensor floor_divide(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {
      .name = "floor_divide",
      .vjp = {{{keep::nothing, [](Grad, Fn f) { return zeros_of(f.shape(0), f.dtype(0)); }},
               {keep::nothing, [](Grad, Fn f) { return zeros_of(f.shape(1), f.dtype(1)); }}}},
      .again = [](Call c) { return floor_divide(c.x(0), c.x(1)); },
      .jvp = Jvp::By::elementwise};
  if (differ(a, b)) {
    const auto [p, q] = promote("floor_divide", a, b);
    return floor_divide(p, q);
  }
  const auto by_integer = [](Integer u, Integer v) -> Integer {
    return v == -1 ? static_cast<Integer>(-static_cast<std::uint64_t>(u)) : (u - remainder_of(u, v)) / v;
  };
  return record(op, {a, b}, by_dtype("floor_divide", a, b, by_integer, [](auto u, auto v) {
                  return simd::floor_divide(u, v);
                }));
}

Tensor fmod(const Tensor& a, Scalar b) { return fmod(a, constant(b, dtype_with(a, b))); }
Tensor remainder(const Tensor& a, Scalar b) { return remainder(a, constant(b, dtype_with(a, b))); }
Tensor floor_divide(const Tensor& a, Scalar b) { return floor_divide(a, constant(b, dtype_with(a, b))); }
Tensor fmod(Scalar a, const Tensor& b) { return fmod(constant(a, dtype_with(b, a)), b); }
Tensor remainder(Scalar a, const Tensor& b) { return remainder(constant(a, dtype_with(b, a)), b); }
Tensor floor_divide(Scalar a, const Tensor& b) { return floor_divide(constant(a, dtype_with(b, a)), b); }

}  // namespace xgrad
