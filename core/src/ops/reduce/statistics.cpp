#include <algorithm>
#include <cmath>

#include "kernels/loops/lines.hpp"
#include "ops/reduce/reduce.hpp"
#include "ops/support/fold_axes.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/tangents.hpp"
#include "ops/support/vjp.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

// Spread around the mean ------------------------------------------------------------------------------------

namespace {

constexpr Kernel var_kernel = {.name = "var", .elementwise = true},
                 stddev_kernel = {.name = "stddev", .elementwise = true};

struct Deviation {
  int axis, correction;
  double divisor(const Shape& shape) const { return static_cast<double>(shape[axis] - correction); }
  void fields(auto&& field) const { field("axis", axis), field("correction", correction); }
};

/// The square of the distance from the mean of the line.
template <class T>
struct FromMean {
  static constexpr bool by_line = true, vectors = true;
  const T* mean;
  T operator()(T u, std::int64_t to) const { return (u - mean[to]) * (u - mean[to]); }
  template <class V>
  void in_place(V& v, std::int64_t to) const {
    v -= mean[to];
    v *= v;
  }
};

/// v / scale in place of sums of squares, or its root.
template <class T>
void take_deviation(T* v, std::int64_t n, T scale, bool root) {
  for (std::int64_t i = 0; i < n; ++i) v[i] = root ? std::sqrt(v[i] / scale) : v[i] / scale;
}

/// The variance along one axis in two passes, or its root.
Tensor variance_along(const Op& op, const Tensor& x, const Deviation& by, const Shape& shape, bool root) {
  const AxisBits bits = AxisBits{1} << by.axis;
  Tensor y = visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Block block = Runs(x.shape(), bits).last;
    const Tensor means = fold_axes<SumFold, T, T>(x, bits, shape);
    divide_by(means, static_cast<T>(block.n));
    Tensor squares = fold_axes<SumFold, T, T>(x, bits, shape, FromMean<T>{ptr<T>(means)});
    const double divisor = by.divisor(x.shape());
    const T scale = divisor > 0 ? static_cast<T>(divisor) : std::numeric_limits<T>::quiet_NaN();
    launch(root ? stddev_kernel : var_kernel, {.bytes = squares.numel() * bytes_of<T, T>}, squares.numel(),
           [=, v = ptr<T>(squares)](std::int64_t first, std::int64_t last) {
             take_deviation(v + first, last - first, scale, root);
           });
    return squares;
  });
  return record(op, {x}, std::move(y), by);
}

/// scale (x - mean), the scale by line.
Tensor from_mean(const Tensor& scale, const Tensor& x, int axis) {
  const AxisBits bits = AxisBits{1} << axis;
  return mul0(kept(scale, x.shape(), bits), x - mean_over(x, bits, true));
}

constexpr Op var_op = {
    .name = "var",
    .vjp = {{{keep::x(0),
              [](Grad g, Fn f) {
                const auto by = f.attributes<Deviation>();
                const double divisor = by.divisor(f.shape(0));
                const Tensor scale = constant(divisor > 0 ? 2 / divisor : NAN, g.dtype());
                return from_mean(mul0(g, scale), f.x(0), by.axis);
              }}}},
    .fields = &fields_of<Deviation>,
    .again =
        [](Call c) { return variance_along(var_op, c.x(0), c.attributes<Deviation>(), c.shape(), false); },
    .jvp = summed_jvp_along<Deviation>};

constexpr Op std_op = {
    .name = "stddev",
    .vjp = {{{keep::x(0) | keep::y,
              [](Grad g, Fn f) {
                const auto by = f.attributes<Deviation>();
                const Tensor y = f.y(), safe = where(y == 0, INFINITY, y);
                return from_mean(div0(g, safe * by.divisor(f.shape(0))), f.x(0), by.axis);
              }}}},
    .fields = &fields_of<Deviation>,
    .again =
        [](Call c) { return variance_along(std_op, c.x(0), c.attributes<Deviation>(), c.shape(), true); },
    .jvp = summed_jvp_along<Deviation>};

Tensor variance(const Op& op, const Tensor& x, const Axes& axes, int correction, bool keepdim, bool root) {
  check_floating(op.name, x);
  const AxisBits bits = axis_bits(op.name, axes, x);
  const auto [joined, axis] = join_axes(x, bits);
  return variance_along(op, joined, {axis, correction}, reduced_shape(x.shape(), bits, keepdim), root);
}

}  // namespace

Tensor var(const Tensor& x, const Axes& axes, int correction, bool keepdim) {
  return variance(var_op, x, axes, correction, keepdim, false);
}

Tensor stddev(const Tensor& x, const Axes& axes, int correction, bool keepdim) {
  return variance(std_op, x, axes, correction, keepdim, true);
}

// log sum exp -----------------------------------------------------------------------------------------------

namespace {

constexpr Kernel logsumexp_kernel = {.name = "logsumexp"}, shares_kernel = {.name = "logsumexp_backward"};

/// What each element has of the sum of e^x along its line. Where the largest is infinite, equal ones share
/// the whole; a line of -inf has nothing to share.
Tensor shares(const Tensor& x, int axis) {
  static constexpr Op op = {
      .name = "logsumexp_shares",
      .vjp = {{{keep::y, [](Grad g, Fn f) { return softmax_vjp(g, f.y(), f.attributes<Along>().axis); }}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return shares(c.x(0), c.attributes<Along>().axis); },
      .jvp = Jvp::By::elementwise};
  Tensor y = new_like(x);
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    constexpr T inf = std::numeric_limits<T>::infinity();
    const auto share = [](auto along, std::int64_t, T* py, const T* px) {
      using V = typename decltype(along)::V;
      const V top = line_max(along, px);
      const V total = line_sum(along, [&](std::int64_t i) {
        const V v = along.load(px, i, -inf);
        const V e = xsimd::select(v == top, V(1), simd::exp(v - top));
        along.store(py, i, e);
        return xsimd::select(v == V(-inf), V(0), e);
      });
      for (std::int64_t i = 0; i < along.steps(); ++i)
        along.store(py, i, xsimd::select(total == V(0), V(0), along.load(py, i) / total));
    };
    each_line<T>(shares_kernel, block_at(x.shape(), axis), share, 0, ptr<T>(y), ptr<const T>(x));
  });
  return record(op, {x}, std::move(y), Along{axis});
}

Tensor log_sum_exp(const Tensor& x, int axis, const Shape& shape) {
  static constexpr Op op = {
      .name = "logsumexp",
      .vjp = {{{keep::x(0),
                [](Grad g, Fn f) {
                  const int at = f.attributes<Along>().axis;
                  const Tensor wide = kept(g, f.shape(0), AxisBits{1} << at);
                  return mul0(wide, shares(f.x(0), at));
                }}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return log_sum_exp(c.x(0), c.attributes<Along>().axis, c.shape()); },
      .jvp = summed_jvp_along<Along>};
  Tensor y = new_tensor(shape, x.dtype());
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const auto log_total = [to = ptr<T>(y)](auto along, std::int64_t number, T*, const T* px) {
      using V = typename decltype(along)::V;
      constexpr T inf = std::numeric_limits<T>::infinity();
      const auto [top, rest] = peak_of(along, px);
      const V special = top + V(0) * rest;  // infinite, and nan where there is one
      const V value = xsimd::select(xsimd::abs(top) == V(inf), special, top + simd::log1p(rest));
      store_part(to + number, along.lines(), value);
    };
    each_line<T>(logsumexp_kernel, block_at(x.shape(), axis), log_total, 0, static_cast<T*>(nullptr),
                 ptr<const T>(x));
  });
  return record(op, {x}, std::move(y), Along{axis});
}

}  // namespace

Tensor logsumexp(const Tensor& x, const Axes& axes, bool keepdim) {
  if (!is_floating(x.dtype())) return logsumexp(x.to(float32), axes, keepdim);
  const AxisBits bits = axis_bits("logsumexp", axes, x);
  const auto [joined, axis] = join_axes(x, bits);
  return log_sum_exp(joined, axis, reduced_shape(x.shape(), bits, keepdim));
}

}  // namespace xgrad
