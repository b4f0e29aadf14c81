#include <cmath>

#include "autodiff/listen.hpp"
#include "ops/reduce/reduce.hpp"
#include "ops/support/elementwise.hpp"
#include "ops/support/fold_axes.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/tangents.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/unary.hpp"
#include "xgrad/core/tape.hpp"

// Norms by order. Those of finite order are homogeneous, so lines whose powers overflow or vanish are divided
// by their largest element first.

namespace xgrad {

using namespace detail;

namespace {

constexpr Kernel root_kernel = {.name = "norm_root", .elementwise = true},
                 scaled_root_kernel = {.name = "norm_scaled_root", .elementwise = true};

template <class T>
struct Magnitude : Plain<T> {
  T operator()(T u, std::int64_t) const { return std::abs(u); }
  template <class V>
  void in_place(V& v, std::int64_t) const {
    v = v < 0 ? -v : v;
  }
};

template <class T>
struct Square : Plain<T> {
  T operator()(T u, std::int64_t) const { return u * u; }
  template <class V>
  void in_place(V& v, std::int64_t) const {
    v *= v;
  }
};

/// (|x| / scale)^p, the scale by line.
template <class T>
struct ScaledPower {
  static constexpr bool by_line = true, vectors = false;
  const T* scale;
  T p;
  T operator()(T u, std::int64_t to) const { return std::pow(std::abs(u) / scale[to], p); }
};

/// The largest magnitudes, or the smallest ones.
template <class F, class T>
Tensor extreme_magnitude(const Tensor& x, AxisBits axes, const Shape& shape) {
  return fold_axes<F, T, T>(x, axes, shape, Magnitude<T>());
}

/// scale sum^(1/p) in place of the scale, unless that is the result.
template <class T>
void take_scaled_roots(T* scale, const T* sum, std::int64_t n, double p) {
  const T order = static_cast<T>(p);
  for (std::int64_t i = 0; i < n; ++i)
    if (scale[i] != 0 && std::abs(scale[i]) < std::numeric_limits<T>::infinity())
      scale[i] *= p == 2 ? std::sqrt(sum[i]) : std::pow(sum[i], 1 / order);
}

/// y = scale (sum (|x| / scale)^p)^(1/p). The scale is the term that weighs most; 0 and inf are the result.
template <class T>
Tensor scaled_norm(const Tensor& x, double p, int axis, const Shape& shape) {
  if (x.shape()[axis] == 0 && p > 0) return zeros_of(shape, dtype_of<T>);
  const AxisBits bits = AxisBits{1} << axis;
  Tensor y =
      p > 0 ? extreme_magnitude<MaxFold, T>(x, bits, shape) : extreme_magnitude<MinFold, T>(x, bits, shape);
  const T order = static_cast<T>(p);
  const Tensor sums = fold_axes<SumFold, T, T>(x, bits, shape, ScaledPower<T>{ptr<T>(y), order});
  launch(scaled_root_kernel, {.bytes = y.numel() * bytes_of<T, T, T>}, y.numel(),
         [p, py = ptr<T>(y), ps = ptr<T>(sums)](std::int64_t first, std::int64_t last) {
           take_scaled_roots(py + first, ps + first, last - first, p);
         });
  return y;
}

/// True when a sum of n squares has lost nothing that counts below the range of T, and is finite.
template <class T>
bool is_safe(T squares, std::int64_t n) {
  using Limits = std::numeric_limits<T>;
  return squares < Limits::infinity() &&
         squares > static_cast<T>(n) * (Limits::min() / (Limits::epsilon() * Limits::epsilon()));
}

/// The roots of sums of squares, in their place; whether all sums of n squares were safe.
template <class T>
bool take_roots(T* p, std::int64_t count, std::int64_t n) {
  bool safe = true;
  for (std::int64_t i = 0; i < count; ++i) {
    safe &= is_safe(p[i], n);
    p[i] = std::sqrt(p[i]);
  }
  return safe;
}

template <class T>
Tensor euclidean_norm(const Tensor& x, int axis, const Shape& shape) {
  const AxisBits bits = AxisBits{1} << axis;
  Tensor y = fold_axes<SumFold, T, T>(x, bits, shape, Square<T>());
  const bool safe = launch_value(root_kernel, {.bytes = y.numel() * bytes_of<T, T>},
                                 [&] { return take_roots(ptr<T>(y), y.numel(), x.shape()[axis]); });
  return safe ? y : scaled_norm<T>(x, 2, axis, shape);
}

struct Norm {
  double p;
  int axis;
  void fields(auto&& field) const { field("p", p), field("axis", axis); }
};

/// x / y, 0 where y is 0: x by its norm, of magnitude 1 at most for p >= 1.
Tensor direction(const Tensor& x, const Tensor& y, int axis) {
  return x / kept(where(y == 0, INFINITY, y), x.shape(), AxisBits{1} << axis);
}

Tensor norm_vjp(Grad g, Fn f) {
  const auto [p, axis] = f.attributes<Norm>();
  const Tensor x = f.x(0), wide = kept(g, x.shape(), AxisBits{1} << axis);
  if (p == 0) return zeros_of(x.shape(), x.dtype());
  if (p == 1) return wide * sign(x);
  const Tensor unit = direction(x, f.y(), axis);
  if (p == 2) return mul0(wide, unit);
  return mul0(wide, where(x == 0, 0, sign(x) * pow(abs(unit), p - 1)));
}

/// The cotangent shared equally among the elements of the extreme magnitude.
Tensor extreme_norm_vjp(Grad g, Fn f) {
  const auto [p, axis] = f.attributes<Norm>();
  const AxisBits bits = AxisBits{1} << axis;
  const Tensor x = f.x(0), at = x.detach();
  const Tensor ties = logical_or(abs(at) == kept(f.y().detach(), x.shape(), bits), isnan(at));
  return where(ties, kept(g, x.shape(), bits) / sum_over(ties, bits, true), 0) * sign(at);
}

Tensor norm_along(const Tensor& x, const Norm& by, const Shape& shape) {
  constexpr auto again = [](Call c) { return norm_along(c.x(0), c.attributes<Norm>(), c.shape()); };
  static constexpr Op op = {.name = "norm",
                            .vjp = {{{keep::x(0) | keep::y, norm_vjp}}},
                            .fields = &fields_of<Norm>,
                            .again = again,
                            .jvp = summed_jvp_along<Norm>};
  static constexpr Op extreme_op = {.name = "norm_extreme",
                                    .vjp = {{{keep::x(0) | keep::y, extreme_norm_vjp}}},
                                    .fields = &fields_of<Norm>,
                                    .again = again,
                                    .jvp = summed_jvp_along<Norm>};
  const AxisBits bits = AxisBits{1} << by.axis;
  Tensor y = visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    if (by.p == INFINITY) return extreme_magnitude<MaxFold, T>(x, bits, shape);
    if (by.p == -INFINITY) return extreme_magnitude<MinFold, T>(x, bits, shape);
    if (by.p == 0) {
      const Unheard guard;
      return count_nonzero(x, by.axis, false).to(x.dtype()).reshape(shape);
    }
    if (by.p == 1) return fold_axes<SumFold, T, T>(x, bits, shape, Magnitude<T>());
    return by.p == 2 ? euclidean_norm<T>(x, by.axis, shape) : scaled_norm<T>(x, by.p, by.axis, shape);
  });
  return record(std::isinf(by.p) ? extreme_op : op, {x}, std::move(y), by);
}

}  // namespace

Tensor detail::norm_as(const char* name, const Tensor& x, double p, const Axes& axes, bool keepdim) {
  check_floating(name, x);
  if (std::isnan(p)) fail(name, "the order p must be a number: it is nan");
  const AxisBits bits = axis_bits(name, axes, x);
  const auto [joined, axis] = join_axes(x, bits);
  if (std::isinf(p) && joined.shape()[axis] == 0)
    fail(name, "needs an element to choose along the axis: x is " + x.describe());
  return norm_along(joined, {p, axis}, reduced_shape(x.shape(), bits, keepdim));
}

Tensor norm(const Tensor& x, double p, const Axes& axes, bool keepdim) {
  return norm_as("norm", x, p, axes, keepdim);
}

}  // namespace xgrad
