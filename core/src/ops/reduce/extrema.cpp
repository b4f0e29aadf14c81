#include "kernels/loops/arg.hpp"
#include "ops/index/gather.hpp"
#include "ops/reduce/reduce.hpp"
#include "ops/support/fold_axes.hpp"
#include "ops/support/tangents.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace detail {

Tensor ties_vjp(Grad g, Fn f) {
  const AxisBits axes = f.attributes<Reduced>().axes;
  const Tensor x = f.x(0).detach(), y = kept(f.y().detach(), x.shape(), axes);
  const Tensor ties = logical_or(x == y, isnan(x));
  return where(ties, kept(g, x.shape(), axes) / sum_over(ties, axes, true), 0);
}

Tensor ties_jvp(Fn f) { return summed_jvp(f, f.attributes<Reduced>().axes); }

std::vector<Tensor> tangents_of_chosen(Fn f, int axis) {
  const Tensor places = f.x(1), at = places.dim() < f.shape(0).rank() ? unsqueeze(places, axis) : places;
  return {with_shape(gather(f.t(0), axis, at), places.shape()), Tensor()};
}

Tensor at_chosen(Grad g, Fn f, int axis) {
  const Tensor places = f.x(1), at = places.dim() < f.shape(0).rank() ? unsqueeze(places, axis) : places;
  return gather_vjp(with_shape(g, at.shape()), f.shape(0), axis, at);
}

ValuesAndIndices without(ValuesAndIndices y, int axis) {
  y.values.node()->shape = y.indices.node()->shape = without_axis(y.values.shape(), axis);
  return y;
}

}  // namespace detail

namespace {

void check_some(const char* op, const Tensor& x, std::int64_t count) {
  if (count == 0) fail(op, "needs an element to choose along the axis: x is " + x.describe());
}

// Values alone ----------------------------------------------------------------------------------------------

template <class F>
Tensor extremum(const Op& op, const Tensor& x, AxisBits axes, bool keepdim) {
  check_some(op.name, x, reduced_count(x.shape(), axes));
  Tensor y = visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    return fold_axes<F, T, T>(x, axes, reduced_shape(x.shape(), axes, keepdim));
  });
  return record(op, {x}, std::move(y), Reduced{axes, keepdim});
}

constexpr Op amax_op = {.name = "amax",
                        .vjp = {{{keep::x(0) | keep::y, ties_vjp}}},
                        .fields = &fields_of<Reduced>,
                        .again = again_over<amax>,
                        .jvp = ties_jvp};
constexpr Op amin_op = {.name = "amin",
                        .vjp = {{{keep::x(0) | keep::y, ties_vjp}}},
                        .fields = &fields_of<Reduced>,
                        .again = again_over<amin>,
                        .jvp = ties_jvp};
constexpr Op max_op = {.name = "max",
                       .vjp = {{{keep::x(0) | keep::y, ties_vjp}}},
                       .again = [](Call c) { return max(c.x(0)); },
                       .jvp = ties_jvp};
constexpr Op min_op = {.name = "min",
                       .vjp = {{{keep::x(0) | keep::y, ties_vjp}}},
                       .again = [](Call c) { return min(c.x(0)); },
                       .jvp = ties_jvp};

}  // namespace

Tensor amax(const Tensor& x, const Axes& axes, bool keepdim) {
  return extremum<MaxFold>(amax_op, x, axis_bits("amax", axes, x), keepdim);
}
Tensor amin(const Tensor& x, const Axes& axes, bool keepdim) {
  return extremum<MinFold>(amin_op, x, axis_bits("amin", axes, x), keepdim);
}
Tensor max(const Tensor& x) { return extremum<MaxFold>(max_op, x, all_axes(x.dim()), false); }
Tensor min(const Tensor& x) { return extremum<MinFold>(min_op, x, all_axes(x.dim()), false); }

// With places -----------------------------------------------------------------------------------------------

namespace {

/// The extrema along an axis and the first places where they stand, both with the axis of size 1.
template <class F>
ValuesAndIndices arg_axis(const char* op, const Tensor& x, int axis) {
  const AxisBits bits = (AxisBits{1} << axis) & all_axes(x.dim(op));
  check_some(op, x, reduced_count(x.shape(), bits));
  const Shape shape = reduced_shape(x.shape(), bits, true);
  ValuesAndIndices y = {new_tensor(shape, x.dtype()), new_tensor(shape, int64)};
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    arg_extrema<F>(ptr<T>(x), Runs(x.shape(), bits).last, ptr<T>(y.values), ptr<std::int64_t>(y.indices));
  });
  return y;
}

template <class F>
ValuesAndIndices extremum_at(const Op& op, const char* name, const Tensor& x, int axis, bool keepdim) {
  axis = line_axis(name, axis, x);
  ValuesAndIndices y = arg_axis<F>(name, x, axis);
  if (!keepdim) y = without(std::move(y), axis);
  return record_chosen(op, x, std::move(y), Chosen{axis, keepdim});
}

template <class F>
Tensor place(const char* op, const Tensor& x, int axis, bool keepdim) {
  Tensor y = arg_axis<F>(op, x, axis).indices;
  return keepdim ? y : new_view(y, without_axis(y.shape(), axis));
}

/// The place among all elements.
template <class F>
Tensor place_of_all(const Op& op, const Tensor& x) {
  return pass(op, {x}, place<F>(op.name, new_view(x, {x.numel(op.name)}), 0, false));
}

template <class F>
Tensor place_along(const Op& op, const char* name, const Tensor& x, int axis, bool keepdim) {
  axis = line_axis(name, axis, x);
  return pass(op, {x}, place<F>(name, x, axis, keepdim), [&] { return Chosen{axis, keepdim}; });
}

}  // namespace

ValuesAndIndices max(const Tensor& x, int axis, bool keepdim) {
  static constexpr Op op = {.name = "max_along",
                            .vjp = {{{keep::x(1), chosen_vjp<Chosen>}}},
                            .scratch = 1,
                            .fields = &fields_of<Chosen>,
                            .again_all = both_along<max>,
                            .jvp = chosen_jvp<Chosen>};
  return extremum_at<MaxFold>(op, "max", x, axis, keepdim);
}
ValuesAndIndices min(const Tensor& x, int axis, bool keepdim) {
  static constexpr Op op = {.name = "min_along",
                            .vjp = {{{keep::x(1), chosen_vjp<Chosen>}}},
                            .scratch = 1,
                            .fields = &fields_of<Chosen>,
                            .again_all = both_along<min>,
                            .jvp = chosen_jvp<Chosen>};
  return extremum_at<MinFold>(op, "min", x, axis, keepdim);
}

Tensor argmax(const Tensor& x) {
  static constexpr Op op = {.name = "argmax", .again = [](Call c) { return argmax(c.x(0)); }};
  return place_of_all<MaxFold>(op, x);
}
Tensor argmax(const Tensor& x, int axis, bool keepdim) {
  static constexpr Op op = {
      .name = "argmax_along", .fields = &fields_of<Chosen>, .again = again_along<argmax>};
  return place_along<MaxFold>(op, "argmax", x, axis, keepdim);
}
Tensor argmin(const Tensor& x) {
  static constexpr Op op = {.name = "argmin", .again = [](Call c) { return argmin(c.x(0)); }};
  return place_of_all<MinFold>(op, x);
}
Tensor argmin(const Tensor& x, int axis, bool keepdim) {
  static constexpr Op op = {
      .name = "argmin_along", .fields = &fields_of<Chosen>, .again = again_along<argmin>};
  return place_along<MinFold>(op, "argmin", x, axis, keepdim);
}

// Running ---------------------------------------------------------------------------------------------------

namespace {

constexpr Kernel cummax_kernel = {.name = "cummax"}, cummin_kernel = {.name = "cummin"};

/// Of one line. A new extremum is rare, so that a jump is faster than to choose each time.
template <class F, class T>
void running_row(const T* x, std::int64_t n, T* __restrict y, std::int64_t* __restrict at) {
  T best = x[0];
  std::int64_t place = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    if (beats<F>(x[i], best)) [[unlikely]]
      best = x[i], place = i;
    y[i] = best;
    at[i] = place;
  }
}

/// Of the columns of one block.
template <class F, class T>
void running_columns(const T* x, const Block& b, T* __restrict y, std::int64_t* __restrict at) {
  for (std::int64_t j = 0; j < b.inner; ++j) y[j] = x[j], at[j] = 0;
  for (std::int64_t i = 1; i < b.n; ++i)
    for (std::int64_t j = i * b.inner, before = j - b.inner; j < (i + 1) * b.inner; ++j, ++before) {
      const bool now = beats<F>(x[j], y[before]);
      y[j] = now ? x[j] : y[before];
      at[j] = now ? i : at[before];
    }
}

template <class F, class T>
void running_extrema(const T* x, const Block& b, T* y, std::int64_t* at) {
  if (b.elements() == 0) return;
  if (longest_unheard == 0) [[unlikely]]
    return launch(std::same_as<F, MaxFold> ? cummax_kernel : cummin_kernel,
                  {.bytes = b.elements() * bytes_of<T, T, std::int64_t>},
                  [=] { running_extrema<F>(x, b, y, at); });
  for (std::int64_t k = 0; k < b.outer; ++k, x += b.n * b.inner, y += b.n * b.inner, at += b.n * b.inner)
    b.inner == 1 ? running_row<F>(x, b.n, y, at) : running_columns<F>(x, b, y, at);
}

template <class F>
ValuesAndIndices running(const Op& op, const Tensor& x, int axis) {
  axis = line_axis(op.name, axis, x);
  ValuesAndIndices y = {new_like(x), new_tensor(x.shape(), int64)};
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    running_extrema<F>(ptr<T>(x), Runs(x.shape(), AxisBits{1} << axis).last, ptr<T>(y.values),
                       ptr<std::int64_t>(y.indices));
  });
  return record_chosen(op, x, std::move(y), Along{axis});
}

}  // namespace

ValuesAndIndices cummax(const Tensor& x, int axis) {
  static constexpr Op op = {
      .name = "cummax",
      .vjp = {{{keep::x(1), chosen_vjp<Along>}}},
      .scratch = 1,
      .fields = &fields_of<Along>,
      .again_all = [](Call c) { return both(cummax(c.x(0), c.attributes<Along>().axis)); },
      .jvp = chosen_jvp<Along>};
  return running<MaxFold>(op, x, axis);
}
ValuesAndIndices cummin(const Tensor& x, int axis) {
  static constexpr Op op = {
      .name = "cummin",
      .vjp = {{{keep::x(1), chosen_vjp<Along>}}},
      .scratch = 1,
      .fields = &fields_of<Along>,
      .again_all = [](Call c) { return both(cummin(c.x(0), c.attributes<Along>().axis)); },
      .jvp = chosen_jvp<Along>};
  return running<MinFold>(op, x, axis);
}

}  // namespace xgrad
