#include <cmath>

#include "autodiff/fields.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"

namespace xgrad {

using namespace detail;

// The larger and the smaller -------------------------------------------------------------------------------

namespace {

/// The rule for the place of a slope that is constant between kinks.
template <int i>
Tensor flat(Grad, Fn f) {
  return zeros_of(f.shape(i), f.dtype(i));
}

/// 0 where less < more, g / 2 where they are equal, else g: the share of the operand that is not the smaller.
Tensor share_vjp(const Tensor& g, const Tensor& less, const Tensor& more) {
  static constexpr Op op = {
      .name = "share_vjp",
      .vjp = {{{keep::x(1) | keep::x(2), [](Grad h, Fn f) { return share_vjp(h, f.x(1), f.x(2)); }},
               {keep::nothing, flat<1>},
               {keep::nothing, flat<2>}}},
      .again = [](Call c) { return share_vjp(c.x(0), c.x(1), c.x(2)); },
      .jvp = Jvp::By::elementwise};
  const auto value = [](auto w, auto u, auto v) {
    using V = decltype(w);
    return xsimd::select(u == v, w / V(2), xsimd::select(u < v, V(0), w));
  };
  return record(op, {g, less, more}, zip_simd(value, g, spread(less, g.shape()), spread(more, g.shape())));
}

/// u where before(u, v) or u is nan, else v.
template <class F>
Tensor first_of(const char* op, const Tensor& a, const Tensor& b, F before) {
  if (is_floating(a.dtype()) && a.shape() == b.shape())  // twice as fast for doubles as what g++ makes of zip
    return zip_simd([=](auto u, auto v) { return xsimd::select(before(u, v) | xsimd::isnan(u), u, v); }, a,
                    b);
  return zip(op, a, b, [=](auto u, auto v) { return before(u, v) || u != u ? u : v; });
}

constexpr std::uint32_t both = keep::x(0) | keep::x(1);

}  // namespace

Tensor maximum(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "maximum",
                            .vjp = {{{both, [](Grad g, Fn f) { return share_vjp(g, f.x(0), f.x(1)); }},
                                     {both, [](Grad g, Fn f) { return share_vjp(g, f.x(1), f.x(0)); }}}},
                            .again = [](Call c) { return maximum(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  if (differ(a, b)) {
    const auto [p, q] = promote("maximum", a, b);
    return maximum(p, q);
  }
  return record(op, {a, b}, first_of("maximum", a, b, [](auto u, auto v) { return u > v; }));
}

Tensor minimum(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "minimum",
                            .vjp = {{{both, [](Grad g, Fn f) { return share_vjp(g, f.x(1), f.x(0)); }},
                                     {both, [](Grad g, Fn f) { return share_vjp(g, f.x(0), f.x(1)); }}}},
                            .again = [](Call c) { return minimum(c.x(0), c.x(1)); },
                            .jvp = Jvp::By::elementwise};
  if (differ(a, b)) {
    const auto [p, q] = promote("minimum", a, b);
    return minimum(p, q);
  }
  return record(op, {a, b}, first_of("minimum", a, b, [](auto u, auto v) { return u < v; }));
}

Tensor maximum(const Tensor& a, Scalar b) { return maximum(a, constant(b, dtype_with(a, b))); }
Tensor minimum(const Tensor& a, Scalar b) { return minimum(a, constant(b, dtype_with(a, b))); }

Tensor maximum(Scalar a, const Tensor& b) { return maximum(constant(a, dtype_with(b, a)), b); }
Tensor minimum(Scalar a, const Tensor& b) { return minimum(constant(a, dtype_with(b, a)), b); }

// By a condition -------------------------------------------------------------------------------------------

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "where",
                            .vjp = {{{},
                                     {keep::x(0), [](Grad g, Fn f) { return where(f.x(0), g, 0); }},    // da
                                     {keep::x(0), [](Grad g, Fn f) { return where(f.x(0), 0, g); }}}},  // db
                            .again = [](Call c) { return where(c.x(0), c.x(1), c.x(2)); },
                            .jvp = Jvp::By::elementwise};
  if (condition.dtype() != boolean)
    fail("where",
         "the condition must be boolean: it is " + condition.describe() + "; compare it, as in x > 0");
  if (a.dtype() != b.dtype()) {
    const auto [p, q] = promote("where", a, b);
    return where(condition, p, q);
  }
  return record(op, {condition, a, b}, select_elements(condition, a, b));
}

Tensor where(const Tensor& condition, const Tensor& a, Scalar b) {
  return where(condition, a, constant(b, dtype_with(a, b)));
}
Tensor where(const Tensor& condition, Scalar a, const Tensor& b) {
  return where(condition, constant(a, dtype_with(b, a)), b);
}
Tensor where(const Tensor& condition, Scalar a, Scalar b) {
  const DType t = a.kind() == float64 || b.kind() == float64 ? float32 : int64;
  return where(condition, constant(a, t), constant(b, t));
}

// Within limits --------------------------------------------------------------------------------------------

namespace {

struct Limits {
  double low, high;
  void fields(auto&& field) const { field("min", low), field("max", high); }
};

/// g within the limits and at them, else 0; 0 where x is nan.
Tensor clamp_vjp(const Tensor& g, const Tensor& x, Limits limits) {
  static constexpr Op op = {
      .name = "clamp_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return clamp_vjp(h, f.x(1), f.attributes<Limits>()); }},
               {keep::nothing, flat<1>}}},
      .fields = &fields_of<Limits>,
      .again = [](Call c) { return clamp_vjp(c.x(0), c.x(1), c.attributes<Limits>()); },
      .jvp = Jvp::By::elementwise};
  const auto value = [limits](auto u, auto v) {
    using V = decltype(v);
    using T = typename V::value_type;
    return xsimd::select((v >= V(static_cast<T>(limits.low))) & (v <= V(static_cast<T>(limits.high))), u,
                         V(0));
  };
  return record(op, {g, x}, zip_simd(value, g, x), limits);
}

}  // namespace

Tensor clamp(const Tensor& x, Scalar low, Scalar high) {
  static constexpr Op op = {
      .name = "clamp",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return clamp_vjp(g, f.x(0), f.attributes<Limits>()); }}}},
      .fields = &fields_of<Limits>,
      .again =
          [](Call c) {
            const Limits& to = c.attributes<Limits>();
            return clamp(c.x(0), to.low, to.high);
          },
      .jvp = Jvp::By::elementwise};
  if (low.to<double>() > high.to<double>())
    fail("clamp", "low must not be above high: low is " + short_text(low.to<double>()) + ", high is " +
                      short_text(high.to<double>()));
  if (!is_floating(x.dtype())) return minimum(maximum(x, low), high);
  const Limits limits{low.to<double>(), high.to<double>()};
  return record(op, {x},
                map(x,
                    [=](auto u) {
                      using T = decltype(u);
                      const T lo = static_cast<T>(limits.low), hi = static_cast<T>(limits.high);
                      return u < lo ? lo : u > hi ? hi : u;
                    }),
                limits);
}

Tensor clamp_min(const Tensor& x, Scalar low) {
  check_defined("clamp_min", x);
  return clamp(x, low, INFINITY);
}
Tensor clamp_max(const Tensor& x, Scalar high) {
  check_defined("clamp_max", x);
  return clamp(x, -INFINITY, high);
}

}  // namespace xgrad
