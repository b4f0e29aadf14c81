#include "autodiff/fields.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// A number in every lane.
template <class V>
V all(double v) {
  return V(static_cast<typename V::value_type>(v));
}

/// The rule for the place of a slope that is constant between kinks.
Tensor flat(Grad, Fn f) { return zeros_of(f.shape(1), f.dtype(1)); }

// Slopes ---------------------------------------------------------------------------------------------------

struct Slope {
  double slope;
  void fields(auto&& field) const { field("negative_slope", slope); }
};

struct Shrink {
  double lambda;
  void fields(auto&& field) const { field("lambd", lambda); }
};

Tensor relu_vjp(const Tensor& g, const Tensor& y) {
  static constexpr Op op = {
      .name = "relu_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return relu_vjp(h, f.x(1)); }}, {keep::nothing, flat}}},
      .again = [](Call c) { return relu_vjp(c.x(0), c.x(1)); },
      .jvp = Jvp::By::elementwise};
  return record(
      op, {g, y},
      zip_simd([](auto u, auto v) { return xsimd::select(v <= decltype(v)(0), decltype(v)(0), u); }, g, y));
}

Tensor leaky_relu_vjp(const Tensor& g, const Tensor& x, double slope) {
  static constexpr Op op = {
      .name = "leaky_relu_vjp",
      .vjp = {{{keep::x(1),
                [](Grad h, Fn f) { return leaky_relu_vjp(h, f.x(1), f.attributes<Slope>().slope); }},
               {keep::nothing, flat}}},
      .fields = &fields_of<Slope>,
      .again = [](Call c) { return leaky_relu_vjp(c.x(0), c.x(1), c.attributes<Slope>().slope); },
      .jvp = Jvp::By::elementwise};
  const auto value = [slope](auto u, auto v) {
    using V = decltype(v);
    return xsimd::select(v <= V(0), u * all<V>(slope), u);
  };
  return record(op, {g, x}, zip_simd(value, g, x), Slope{slope});
}

struct Limits {
  double low, high, slope;
  void fields(auto&& field) const { field("min_val", low), field("max_val", high), field("slope", slope); }
};

/// slope g strictly between the limits, 0 elsewhere; a nan passes.
Tensor inside_vjp(const Tensor& g, const Tensor& x, Limits limits) {
  static constexpr Op op = {
      .name = "hardtanh_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return inside_vjp(h, f.x(1), f.attributes<Limits>()); }},
               {keep::nothing, flat}}},
      .fields = &fields_of<Limits>,
      .again = [](Call c) { return inside_vjp(c.x(0), c.x(1), c.attributes<Limits>()); },
      .jvp = Jvp::By::elementwise};
  const auto value = [limits](auto u, auto v) {
    using V = decltype(v);
    const auto outside = (v <= all<V>(limits.low)) | (v >= all<V>(limits.high));
    return xsimd::select(outside, V(0), u * all<V>(limits.slope));
  };
  return record(op, {g, x}, zip_simd(value, g, x), limits);
}

/// g where |x| > limit, else 0; a nan passes.
Tensor outside_vjp(const Tensor& g, const Tensor& x, double limit) {
  static constexpr Op op = {
      .name = "shrink_vjp",
      .vjp = {{{keep::x(1),
                [](Grad h, Fn f) { return outside_vjp(h, f.x(1), f.attributes<Shrink>().lambda); }},
               {keep::nothing, flat}}},
      .fields = &fields_of<Shrink>,
      .again = [](Call c) { return outside_vjp(c.x(0), c.x(1), c.attributes<Shrink>().lambda); },
      .jvp = Jvp::By::elementwise};
  const auto value = [limit](auto u, auto v) {
    using V = decltype(v);
    return xsimd::select(xsimd::abs(v) <= all<V>(limit), V(0), u);
  };
  return record(op, {g, x}, zip_simd(value, g, x), Shrink{limit});
}

}  // namespace

// Piecewise linear -----------------------------------------------------------------------------------------

Tensor relu(const Tensor& x) {
  static constexpr Op op = {.name = "relu",
                            .vjp = {{{keep::y, [](Grad g, Fn f) { return relu_vjp(g, f.y()); }}}},
                            .again = [](Call c) { return relu(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return relu(x.to(float32));
  return record(op, {x}, map_simd(x, [](auto v) {
                  return xsimd::select(v < decltype(v)(0), decltype(v)(0), v);  // -0 and nan stay
                }));
}

Tensor leaky_relu(const Tensor& x, double slope) {
  static constexpr Op op = {
      .name = "leaky_relu",
      .vjp = {{{keep::x(0),
                [](Grad g, Fn f) { return leaky_relu_vjp(g, f.x(0), f.attributes<Slope>().slope); }}}},
      .fields = &fields_of<Slope>,
      .again = [](Call c) { return leaky_relu(c.x(0), c.attributes<Slope>().slope); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return leaky_relu(x.to(float32), slope);
  return record(op, {x},
                map_simd(x,
                         [slope](auto v) {
                           using V = decltype(v);
                           return xsimd::select(v > V(0), v, v * all<V>(slope));
                         }),
                Slope{slope});
}

Tensor prelu(const Tensor& x, const Tensor& weight) {
  const std::int64_t n = weight.numel();
  if (n != 1 && (x.dim() < 2 || n != x.size(1)))
    fail("prelu", "the weight needs one element, or one for each entry of axis 1: x is " + x.describe() +
                      ", weight is " + weight.describe());
  if (common_dtype("prelu", x, weight) != x.dtype() || !is_floating(x.dtype()))
    return prelu(as_floating(x.to(common_dtype("prelu", x, weight))), weight);
  Shape along = Shape::filled(n == 1 ? 0 : x.dim(), 1);
  if (n != 1) along[1] = n;
  return where(x > 0, x, x * reshape(weight, along));
}

namespace {

Tensor limited(const Op& op, const Tensor& x, Limits limits) {
  const auto value = [limits](auto v) {
    using V = decltype(v);
    const V low = all<V>(limits.low), high = all<V>(limits.high);
    return xsimd::select(v < low, low, xsimd::select(v > high, high, v));
  };
  return record(op, {x}, map_simd(x, value), limits);
}

constexpr Rule limited_rule = {keep::x(0),
                               [](Grad g, Fn f) { return inside_vjp(g, f.x(0), f.attributes<Limits>()); }};

}  // namespace

Tensor relu6(const Tensor& x) {
  static constexpr Op op = {.name = "relu6",
                            .vjp = {{limited_rule}},
                            .again = [](Call c) { return relu6(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  return limited(op, as_floating(x), {0, 6, 1});
}

Tensor hardtanh(const Tensor& x, double low, double high) {
  static constexpr Op op = {.name = "hardtanh",
                            .vjp = {{limited_rule}},
                            .fields = &fields_of<Limits>,
                            .again =
                                [](Call c) {
                                  const Limits& to = c.attributes<Limits>();
                                  return hardtanh(c.x(0), to.low, to.high);
                                },
                            .jvp = Jvp::By::elementwise};
  if (low > high)
    fail("hardtanh",
         "low must not be above high: low is " + short_text(low) + ", high is " + short_text(high));
  return limited(op, as_floating(x), {low, high, 1});
}

Tensor hardsigmoid(const Tensor& x) {
  static constexpr Op op = {.name = "hardsigmoid",
                            .vjp = {{limited_rule}},
                            .again = [](Call c) { return hardsigmoid(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return hardsigmoid(x.to(float32));
  const auto value = [](auto v) {
    using V = decltype(v);
    const V u = v + V(3);
    return xsimd::select(u < V(0), V(0), xsimd::select(u > V(6), V(6), u)) / V(6);
  };
  return record(op, {x}, map_simd(x, value), Limits{-3, 3, 1.0F / 6.0F});
}

Tensor hardshrink(const Tensor& x, double lambda) {
  static constexpr Op op = {
      .name = "hardshrink",
      .vjp = {{{keep::x(0),
                [](Grad g, Fn f) { return outside_vjp(g, f.x(0), f.attributes<Shrink>().lambda); }}}},
      .fields = &fields_of<Shrink>,
      .again = [](Call c) { return hardshrink(c.x(0), c.attributes<Shrink>().lambda); },
      .jvp = Jvp::By::elementwise};
  if (lambda < 0) fail("hardshrink", "lambda must not be negative: it is " + short_text(lambda));
  if (!is_floating(x.dtype())) return hardshrink(x.to(float32), lambda);
  const auto value = [lambda](auto v) {
    using V = decltype(v);
    return xsimd::select(xsimd::abs(v) <= all<V>(lambda), V(0), v);
  };
  return record(op, {x}, map_simd(x, value), Shrink{lambda});
}

Tensor softshrink(const Tensor& x, double lambda) {
  static constexpr Op op = {
      .name = "softshrink",
      .vjp = {{{keep::x(0),
                [](Grad g, Fn f) { return outside_vjp(g, f.x(0), f.attributes<Shrink>().lambda); }}}},
      .fields = &fields_of<Shrink>,
      .again = [](Call c) { return softshrink(c.x(0), c.attributes<Shrink>().lambda); },
      .jvp = Jvp::By::elementwise};
  if (lambda < 0) fail("softshrink", "lambda must not be negative: it is " + short_text(lambda));
  if (!is_floating(x.dtype())) return softshrink(x.to(float32), lambda);
  const auto value = [lambda](auto v) {
    using V = decltype(v);
    const V l = all<V>(lambda);
    return xsimd::select(v > l, v - l, xsimd::select(v < -l, v + l, xsimd::select(v == v, V(0), v)));
  };
  return record(op, {x}, map_simd(x, value), Shrink{lambda});
}

namespace {

Tensor hardswish_vjp(const Tensor& g, const Tensor& x) {
  static constexpr Op op = {.name = "hardswish_vjp",
                            .vjp = {{{keep::x(1), [](Grad h, Fn f) { return hardswish_vjp(h, f.x(1)); }},
                                     {keep::x(0) | keep::x(1),
                                      [](Grad h, Fn f) {
                                        return inside_vjp(mul0(h, f.x(0)), f.x(1), {-3, 3, 1.0 / 3});
                                      }}}},
                            .again = [](Call c) { return hardswish_vjp(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  const auto value = [](auto u, auto v) {
    using V = decltype(v);
    const V slope = xsimd::select(v <= V(3), v / V(3) + V(0.5), V(1));
    return xsimd::select(v < V(-3), V(0), simd::mul0(u, slope));
  };
  return record(op, {g, x}, zip_simd(value, g, x));
}

}  // namespace

Tensor hardswish(const Tensor& x) {
  static constexpr Op op = {.name = "hardswish",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return hardswish_vjp(g, f.x(0)); }}}},
                            .again = [](Call c) { return hardswish(c.x(0)); },
                            .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return hardswish(x.to(float32));
  const auto value = [](auto v) {
    using V = decltype(v);
    const V u = v + V(3);
    return xsimd::max(V(-3), v) * xsimd::select(u < V(0), V(0), xsimd::select(u > V(6), V(6), u)) / V(6);
  };
  return record(op, {x}, map_simd(x, value));
}

}  // namespace xgrad
