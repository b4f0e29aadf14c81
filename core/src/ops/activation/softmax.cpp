#include "autodiff/fields.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/lines.hpp"
#include "ops/support/axes.hpp"
#include "ops/support/tangents.hpp"
#include "ops/support/vjp.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad {

using namespace detail;

// One line each --------------------------------------------------------------------------------------------

namespace {

constexpr Kernel softmax_kernel = {.name = "softmax"}, softmax_vjp_kernel = {.name = "softmax_vjp"};
constexpr Kernel log_softmax_kernel = {.name = "log_softmax"},
                 log_softmax_vjp_kernel = {.name = "log_softmax_vjp"};

template <class L, class T>
void softmax_line(const L& along, T* y, const T* x) {
  using V = typename L::V;
  const V top = unmasked(line_max(along, x));
  const V total = line_sum(along, [&](std::int64_t i) {
    const V e = simd::exp(along.load(x, i, -std::numeric_limits<T>::infinity()) - top);
    along.store(y, i, e);
    return e;
  });
  const V scale = xsimd::select(total == V(0), V(0), V(1) / total);
  for (std::int64_t i = 0; i < along.steps(); ++i) along.store(y, i, along.load(y, i) * scale);
}

template <class L, class T>
void log_softmax_line(const L& along, T* y, const T* x) {
  const auto peak = peak_of(along, x);
  const auto top = unmasked(peak.top), log_total = simd::log1p(peak.rest);
  for (std::int64_t i = 0; i < along.steps(); ++i) along.store(y, i, along.load(x, i) - top - log_total);
}

/// The cotangent g where p is largest; the largest such g. To subtract it from g changes no
/// sum_j p_j (g_i - g_j), and keeps their last places where one p is almost 1.
template <class L, class T>
typename L::V shift_of(const L& along, const T* g, const T* p) {
  using V = typename L::V;
  const V none(-std::numeric_limits<T>::infinity()), top = line_max(along, p);
  V shift = none;
  for (std::int64_t i = 0; i < along.steps(); ++i)
    shift = xsimd::max(shift, xsimd::select(along.load(p, i, -1) == top, along.load(g, i), none));
  shift = along.max(shift);
  return xsimd::select(shift == none, V(0), shift);
}

template <class L, class T>
void softmax_vjp_line(const L& along, T* dx, const T* g, const T* p) {
  using V = typename L::V;
  const V shift = shift_of(along, g, p);
  const V mean =
      line_sum(along, [&](std::int64_t i) { return simd::mul0(along.load(g, i) - shift, along.load(p, i)); });
  for (std::int64_t i = 0; i < along.steps(); ++i)
    along.store(dx, i, simd::mul0(along.load(g, i) - shift - mean, along.load(p, i)));
}

/// g_i - e^y_i sum g; written as -g_i (e^y_i - 1) - e^y_i (sum g - g_i) where e^y_i may be almost 1.
template <class L, class T>
void log_softmax_vjp_line(const L& along, T* dx, const T* g, const T* y) {
  using V = typename L::V;
  const V total = line_sum(along, [&](std::int64_t i) { return along.load(g, i); });
  for (std::int64_t i = 0; i < along.steps(); ++i) {
    const V u = along.load(g, i), v = along.load(y, i), p = simd::exp(v);
    V d = u - simd::mul0(total, p);
    const auto likely = v > V(T(-0.7));
    if (xsimd::any(likely))
      d = xsimd::select(likely, -simd::mul0(u, simd::expm1(v)) - simd::mul0(total - u, p), d);
    along.store(dx, i, d);
  }
}

/// A new tensor like x: f(line, its start in the result, its start in each operand) fills each line.
template <class F, class... More>
Tensor by_line(const Kernel& kernel, int axis, F f, const Tensor& x, const More&... more) {
  Tensor y = new_like(x);
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    each_line<T>(
        kernel, block_at(x.shape(), axis), [f](auto along, std::int64_t, auto... of) { f(along, of...); }, 0,
        ptr<T>(y), ptr<const T>(x), ptr<const T>(more)...);
  });
  return y;
}

/// The sum along the axis, which stays with size 1.
Tensor sum_line(const Tensor& x, int axis) { return x.dim() == 0 ? x : sum(x, axis, true); }

}  // namespace

// Ops ------------------------------------------------------------------------------------------------------

Tensor softmax(const Tensor& x, int axis) {
  static constexpr Op op = {
      .name = "softmax",
      .vjp = {{{keep::y, [](Grad g, Fn f) { return softmax_vjp(g, f.y(), f.attributes<Along>().axis); }}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return softmax(c.x(0), c.attributes<Along>().axis); },
      .jvp = Jvp::By::elementwise};
  if (!is_floating(x.dtype())) return softmax(x.to(float32), axis);
  axis = line_axis("softmax", axis, x);
  return record(op, {x},
                by_line(
                    softmax_kernel, axis, [](auto... of) { softmax_line(of...); }, x),
                Along{axis});
}

Tensor softmin(const Tensor& x, int axis) { return softmax(-x, line_axis("softmin", axis, x)); }

Tensor log_softmax(const Tensor& x, int axis) {
  static constexpr Op op = {
      .name = "log_softmax",
      .vjp = {{{keep::y,
                [](Grad g, Fn f) { return log_softmax_vjp(g, f.y(), f.attributes<Along>().axis); }}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return log_softmax(c.x(0), c.attributes<Along>().axis); },
      .jvp = [](Fn f) { return f.t(0) - sum_line(mul0(f.t(0), exp(f.y())), f.attributes<Along>().axis); }};
  if (!is_floating(x.dtype())) return log_softmax(x.to(float32), axis);
  axis = line_axis("log_softmax", axis, x);
  return record(op, {x},
                by_line(
                    log_softmax_kernel, axis, [](auto... of) { log_softmax_line(of...); }, x),
                Along{axis});
}

namespace detail {

Tensor softmax_vjp(const Tensor& g, const Tensor& y, int axis) {
  static constexpr Op op = {
      .name = "softmax_vjp",
      .vjp = {{{keep::x(1),
                [](Grad h, Fn f) { return softmax_vjp(h, f.x(1), f.attributes<Along>().axis); }},  // dg
               {keep::x(0) | keep::x(1),
                [](Grad h, Fn f) {  // dy
                  const Tensor u = f.x(0), p = f.x(1);
                  const int a = f.attributes<Along>().axis;
                  return mul0(h, u - sum_line(mul0(u, p), a)) - mul0(u, sum_line(mul0(h, p), a));
                }}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return softmax_vjp(c.x(0), c.x(1), c.attributes<Along>().axis); },
      .jvp = [](Fn f) {  // of y (g - sum(g y))
        const Tensor u = f.x(0), p = f.x(1), du = f.t(0), dp = f.t(1);
        const int a = f.attributes<Along>().axis;
        Tensor sum;
        if (du.defined()) add_part(sum, softmax_vjp(du, p, a));
        if (dp.defined())
          add_part(sum, mul0(dp, u - sum_line(mul0(u, p), a)) - mul0(sum_line(mul0(dp, u), a), p));
        return sum;
      }};
  return record(op, {g, y},
                by_line(
                    softmax_vjp_kernel, axis, [](auto... of) { softmax_vjp_line(of...); }, g, y),
                Along{axis});
}

Tensor log_softmax_vjp(const Tensor& g, const Tensor& y, int axis) {
  static constexpr Op op = {
      .name = "log_softmax_vjp",
      .vjp = {{{keep::x(1),  // dg
                [](Grad h, Fn f) { return h - sum_line(mul0(h, exp(f.x(1))), f.attributes<Along>().axis); }},
               {keep::x(0) | keep::x(1),
                [](Grad h, Fn f) {  // dy
                  return -mul0(mul0(h, exp(f.x(1))), sum_line(f.x(0), f.attributes<Along>().axis));
                }}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return log_softmax_vjp(c.x(0), c.x(1), c.attributes<Along>().axis); },
      .jvp = [](Fn f) {  // of g - e^y sum(g)
        const Tensor p = f.x(1), du = f.t(0), dp = f.t(1);
        const int a = f.attributes<Along>().axis;
        Tensor sum;
        if (du.defined()) add_part(sum, log_softmax_vjp(du, p, a));
        if (dp.defined()) add_part(sum, -mul0(mul0(dp, exp(p)), sum_line(f.x(0), a)));
        return sum;
      }};
  return record(op, {g, y},
                by_line(
                    log_softmax_vjp_kernel, axis, [](auto... of) { log_softmax_vjp_line(of...); }, g, y),
                Along{axis});
}

}  // namespace detail
}  // namespace xgrad
