#include "xgrad/core/ops/unary.hpp"

#include <cmath>

#include "kernels/simd.hpp"
#include "ops/promote.hpp"
#include "ops/vjp.hpp"
#include "xgrad/core/ops/arithmetic.hpp"

namespace xgrad {

using namespace detail;

// Exponentials and logarithms -------------------------------------------------------------------------------

Tensor exp(const Tensor& x) {
  static constexpr Op op = {.name = "exp", .vjp = {{{keep::y, [](Grad g, Fn f) { return mul0(g, f.y()); }}}}};
  if (!is_floating(x.dtype())) return exp(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return vec::exp(v); }));
}

Tensor expm1(const Tensor& x) {
  static constexpr Op op = {.name = "expm1",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, exp(f.x(0))); }}}}};
  if (!is_floating(x.dtype())) return expm1(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return vec::expm1(v); }));
}

Tensor log(const Tensor& x) {
  static constexpr Op op = {.name = "log",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return div0(g, f.x(0)); }}}}};
  if (!is_floating(x.dtype())) return log(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return vec::log(v); }));
}

Tensor log1p(const Tensor& x) {
  static constexpr Op op = {.name = "log1p",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return div0(g, f.x(0) + 1); }}}}};
  if (!is_floating(x.dtype())) return log1p(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return vec::log1p(v); }));
}

// Powers ----------------------------------------------------------------------------------------------------

Tensor sqrt(const Tensor& x) {
  static constexpr Op op = {.name = "sqrt",
                            .vjp = {{{keep::y, [](Grad g, Fn f) { return div0(0.5 * g, f.y()); }}}}};
  if (!is_floating(x.dtype())) return sqrt(x.to(float32));
  return record(op, {x}, map(x, [](auto u) { return std::sqrt(u); }));
}

Tensor rsqrt(const Tensor& x) {
  static constexpr Op op = {
      .name = "rsqrt",
      .vjp = {{{keep::x(0) | keep::y, [](Grad g, Fn f) { return mul0(g, -0.5 * f.y() / f.x(0)); }}}}};
  if (!is_floating(x.dtype())) return rsqrt(x.to(float32));
  return record(op, {x}, map(x, [](auto u) { return 1 / std::sqrt(u); }));
}

Tensor square(const Tensor& x) {
  static constexpr Op op = {.name = "square",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, 2 * f.x(0)); }}}}};
  if (!is_floating(x.dtype())) return square(x.to(float32));
  return record(op, {x}, map(x, [](auto u) { return u * u; }));
}

// Sign ------------------------------------------------------------------------------------------------------

Tensor abs(const Tensor& x) {
  static constexpr Op op = {.name = "abs",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, sign(f.x(0))); }}}}};
  if (!is_floating(x.dtype())) return abs(x.to(float32));
  return record(op, {x}, map(x, [](auto u) { return std::fabs(u); }));
}

Tensor sign(const Tensor& x) {
  static constexpr Op op = {
      .name = "sign",
      .vjp = {{{keep::nothing, [](Grad, Fn f) { return zeros_of(f.shape(0), f.dtype(0)); }}}}};
  if (!is_floating(x.dtype())) return sign(x.to(float32));
  return record(op, {x}, map(x, [](auto u) {
                  using T = decltype(u);
                  return u > 0 ? T(1) : u < 0 ? T(-1) : u;  // 0, -0 and nan stay what they are
                }));
}

// Circular and hyperbolic functions -------------------------------------------------------------------------

Tensor sin(const Tensor& x) {
  static constexpr Op op = {.name = "sin",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, cos(f.x(0))); }}}}};
  if (!is_floating(x.dtype())) return sin(x.to(float32));
  return record(op, {x}, map(x, [](auto u) { return std::sin(u); }));
}

Tensor cos(const Tensor& x) {
  static constexpr Op op = {.name = "cos",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(g, -sin(f.x(0))); }}}}};
  if (!is_floating(x.dtype())) return cos(x.to(float32));
  return record(op, {x}, map(x, [](auto u) { return std::cos(u); }));
}

Tensor tanh(const Tensor& x) {
  static constexpr Op op = {.name = "tanh",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return tanh_vjp(g, f.x(0)); }}}}};
  if (!is_floating(x.dtype())) return tanh(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return vec::tanh(v); }));
}

namespace detail {

Tensor tanh_vjp(const Tensor& g, const Tensor& x) {
  static constexpr Op op = {
      .name = "tanh_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return tanh_vjp(h, f.x(1)); }},  // dg
               {keep::x(0) | keep::x(1), [](Grad h, Fn f) {                     // dx: tanh'' = -2 tanh tanh'
                  return tanh_vjp(mul0(h, f.x(0)), f.x(1)) * (-2 * tanh(f.x(1)));
                }}}}};
  return record(op, {g, x}, zip_simd([](auto u, auto v) { return vec::mul0(u, vec::tanh_slope(v)); }, g, x));
}

Tensor div0(const Tensor& g, const Tensor& d) {
  static constexpr Op op = {
      .name = "div0",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return div0(h, f.x(1)); }},                             // dg
               {keep::x(1) | keep::y, [](Grad h, Fn f) { return -div0(mul0(h, f.y()), f.x(1)); }}}}};  // dd
  return record(op, {g, d}, zip_floating("div0", g, d, [](auto u, auto v) { return u == 0 ? u : u / v; }));
}

}  // namespace detail
}  // namespace xgrad
