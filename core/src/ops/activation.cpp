#include "xgrad/core/ops/activation.hpp"

#include <cmath>

#include "kernels/simd.hpp"
#include "ops/promote.hpp"
#include "ops/vjp.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad {

using namespace detail;

// The sigmoid and what is made of it ------------------------------------------------------------------------

Tensor sigmoid(const Tensor& x) {
  static constexpr Op op = {.name = "sigmoid",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return sigmoid_vjp(g, f.x(0)); }}}}};
  if (!is_floating(x.dtype())) return sigmoid(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return vec::sigmoid(v); }));
}

Tensor logsigmoid(const Tensor& x) {
  static constexpr Op op = {
      .name = "logsigmoid",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return sigmoid_times(g, f.x(0), -1); }}}}};
  if (!is_floating(x.dtype())) return logsigmoid(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return -vec::softplus(-v); }));
}

Tensor softplus(const Tensor& x, double beta, double threshold) {
  struct Attributes {
    double beta, threshold;
  };
  static constexpr Op op = {.name = "softplus",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) {
                                        const auto [b, limit] = f.attributes<Attributes>();
                                        const Tensor at = f.x(0);
                                        return where(b * at > limit, g, sigmoid_times(g, at, b));
                                      }}}}};
  if (beta == 0) fail("softplus", "beta must not be 0");
  if (!is_floating(x.dtype())) return softplus(x.to(float32), beta, threshold);
  return record(op, {x},
                map_simd(x,
                         [=](auto v) {
                           using V = decltype(v);
                           using T = typename V::value_type;
                           const V z = V(static_cast<T>(beta)) * v;
                           return xsimd::select(z > V(static_cast<T>(threshold)), v,
                                                vec::softplus(z) / V(static_cast<T>(beta)));
                         }),
                Attributes{beta, threshold});
}

Tensor silu(const Tensor& x) {
  static constexpr Op op = {.name = "silu",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return silu_vjp(g, f.x(0)); }}}}};
  if (!is_floating(x.dtype())) return silu(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) { return v * vec::sigmoid(v); }));
}

namespace detail {

Tensor sigmoid_vjp(const Tensor& g, const Tensor& x) {
  static constexpr Op op = {
      .name = "sigmoid_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return sigmoid_vjp(h, f.x(1)); }},  // dg
               {keep::x(0) | keep::x(1), [](Grad h, Fn f) {  // dx: s'' = -s' tanh(x / 2)
                  return mul0(sigmoid_vjp(mul0(h, f.x(0)), f.x(1)), -tanh(0.5 * f.x(1)));
                }}}}};
  return record(op, {g, x},
                zip_simd([](auto u, auto v) { return vec::mul0(u, vec::sigmoid_slope(v)); }, g, x));
}

Tensor sigmoid_times(const Tensor& g, const Tensor& x, double scale) {
  static constexpr Op op = {
      .name = "sigmoid_times",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return sigmoid_times(h, f.x(1), f.attributes<double>()); }},
               {keep::x(0) | keep::x(1), [](Grad h, Fn f) {
                  const double s = f.attributes<double>();
                  return s * sigmoid_vjp(mul0(h, f.x(0)), s * f.x(1));
                }}}}};
  return record(op, {g, x},
                zip_simd(
                    [scale](auto u, auto v) {
                      using V = decltype(v);
                      return vec::mul0(u, vec::sigmoid(V(static_cast<typename V::value_type>(scale)) * v));
                    },
                    g, x),
                scale);
}

Tensor silu_vjp(const Tensor& g, const Tensor& x) {
  static constexpr Op op = {
      .name = "silu_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return silu_vjp(h, f.x(1)); }},  // dg
               {keep::x(0) | keep::x(1), [](Grad h, Fn f) {                     // dx: s' (2 - x tanh(x / 2))
                  const Tensor at = f.x(1);
                  return mul0(sigmoid_vjp(mul0(h, f.x(0)), at), 2 - at * tanh(0.5 * at));
                }}}}};
  return record(op, {g, x},
                zip_simd(
                    [](auto u, auto v) {
                      using V = decltype(v);
                      const V s = vec::sigmoid(v);
                      return vec::mul0(u, s * (V(1) + v * vec::sigmoid(-v)));
                    },
                    g, x));
}

}  // namespace detail

// Rectifiers ------------------------------------------------------------------------------------------------

Tensor relu(const Tensor& x) {
  static constexpr Op op = {.name = "relu",
                            .vjp = {{{keep::y, [](Grad g, Fn f) { return relu_vjp(g, f.y()); }}}}};
  if (!is_floating(x.dtype())) return relu(x.to(float32));
  return record(op, {x}, map(x, [](auto u) { return u < 0 ? decltype(u)(0) : u; }));
}

Tensor leaky_relu(const Tensor& x, double slope) {
  static constexpr Op op = {.name = "leaky_relu", .vjp = {{{keep::x(0), [](Grad g, Fn f) {
                                                              return leaky_relu_vjp(g, f.x(0),
                                                                                    f.attributes<double>());
                                                            }}}}};
  if (!is_floating(x.dtype())) return leaky_relu(x.to(float32), slope);
  return record(op, {x}, map(x, [slope](auto u) { return u > 0 ? u : u * static_cast<decltype(u)>(slope); }),
                slope);
}

Tensor elu(const Tensor& x, double alpha) {
  static constexpr Op op = {.name = "elu", .vjp = {{{keep::x(0), [](Grad g, Fn f) {
                                                       const Tensor at = f.x(0);
                                                       const double a = f.attributes<double>();
                                                       return where(at > 0, g, mul0(g, a * exp(at)));
                                                     }}}}};
  if (!is_floating(x.dtype())) return elu(x.to(float32), alpha);
  return record(op, {x},
                map_simd(x,
                         [alpha](auto v) {
                           using V = decltype(v);
                           const V a(static_cast<typename V::value_type>(alpha));
                           return xsimd::select(v > V(0), v, a * vec::expm1(v));
                         }),
                alpha);
}

namespace detail {

// The derivative of a slope that is constant on both sides of a kink.
static constexpr Rule flat = {keep::nothing, [](Grad, Fn f) { return zeros_of(f.shape(1), f.dtype(1)); }};

Tensor relu_vjp(const Tensor& g, const Tensor& y) {
  static constexpr Op op = {.name = "relu_vjp",
                            .vjp = {{{keep::x(1), [](Grad h, Fn f) { return relu_vjp(h, f.x(1)); }}, flat}}};
  return record(op, {g, y},
                zip_floating("relu_vjp", g, y, [](auto u, auto v) { return v <= 0 ? decltype(u)(0) : u; }));
}

Tensor leaky_relu_vjp(const Tensor& g, const Tensor& x, double slope) {
  static constexpr Op op = {
      .name = "leaky_relu_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return leaky_relu_vjp(h, f.x(1), f.attributes<double>()); }},
               flat}}};
  return record(
      op, {g, x},
      zip_floating("leaky_relu_vjp", g, x,
                   [slope](auto u, auto v) { return v > 0 ? u : u * static_cast<decltype(u)>(slope); }),
      slope);
}

}  // namespace detail

// The Gaussian unit -----------------------------------------------------------------------------------------

Tensor gelu(const Tensor& x) {
  static constexpr Op op = {.name = "gelu",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return gelu_vjp(g, f.x(0)); }}}}};
  if (!is_floating(x.dtype())) return gelu(x.to(float32));
  return record(op, {x}, map(x, [](auto u) {
                  using T = decltype(u);
                  return u * (T(0.5) * std::erfc(-u * static_cast<T>(M_SQRT1_2)));
                }));
}

namespace detail {

Tensor gelu_vjp(const Tensor& g, const Tensor& x) {
  static constexpr Op op = {.name = "gelu_vjp",
                            .vjp = {{{keep::x(1), [](Grad h, Fn f) { return gelu_vjp(h, f.x(1)); }},  // dg
                                     {keep::x(0) | keep::x(1), [](Grad h, Fn f) {  // dx: phi(x) (2 - x^2)
                                        const Tensor at = f.x(1), s = square(at);
                                        return mul0(mul0(h, f.x(0)),
                                                    (M_2_SQRTPI * M_SQRT1_2 * 0.5) * exp(-0.5 * s) * (2 - s));
                                      }}}}};
  return record(op, {g, x}, zip_floating("gelu_vjp", g, x, [](auto u, auto v) {
                  using T = decltype(u);
                  if (u == 0) return u;
                  const T below = T(0.5) * std::erfc(-v * static_cast<T>(M_SQRT1_2));
                  const T density = static_cast<T>(M_2_SQRTPI * M_SQRT1_2 * 0.5) * std::exp(T(-0.5) * v * v);
                  return u * (below + v * density);
                }));
}

}  // namespace detail
}  // namespace xgrad
