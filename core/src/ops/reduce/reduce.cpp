#include "xgrad/core/ops/reduce.hpp"

#include "ops/reduce/reduce.hpp"
#include "ops/support/axes.hpp"
#include "ops/support/fold_axes.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

// Around reductions -----------------------------------------------------------------------------------------

namespace detail {

Tensor kept(const Tensor& g, const Shape& shape, AxisBits axes) {
  const Shape wanted = reduced_shape(shape, axes, true);
  return g.shape() == wanted ? g : reshape(g, wanted);
}

Tensor spread(const Tensor& g, const Shape& shape, AxisBits axes) {
  return expand(g.dim() == 0 ? g : kept(g, shape, axes), shape);
}

Joined join_axes(const Tensor& x, AxisBits axes) {
  int first = -1, count = 0;
  bool adjacent = true;
  for (int i = 0; i < x.dim(); ++i) {
    if (!has(axes, i)) continue;
    if (count == 0) first = i;
    adjacent = adjacent && i == first + count;
    ++count;
  }
  if (count == 1) return {x, first};
  if (count == 0) return {unsqueeze(x, 0), 0};
  Shape shape;
  if (adjacent) {
    for (int i = 0; i <= first; ++i) shape.push_back(x.shape()[i]);
    for (int i = first + 1; i < x.dim(); ++i)
      i < first + count ? void(shape[first] *= x.shape()[i]) : shape.push_back(x.shape()[i]);
    return {reshape(x, shape), first};
  }
  std::vector<int> order;
  for (int i = 0; i < x.dim(); ++i)
    if (!has(axes, i)) order.push_back(i), shape.push_back(x.shape()[i]);
  for (int i = 0; i < x.dim(); ++i)
    if (has(axes, i)) order.push_back(i);
  shape.push_back(reduced_count(x.shape(), axes));
  return {reshape(permute(x, order), shape), shape.rank() - 1};
}

Tensor with_shape(Tensor y, const Shape& shape) {
  return y.shape() == shape ? std::move(y) : reshape(y, shape);
}

}  // namespace detail

// Sums ------------------------------------------------------------------------------------------------------

namespace detail {

Tensor sum_over(const Tensor& x, AxisBits axes, bool keepdim) {
  static constexpr Op op = {
      .name = "sum",
      .vjp = {{{keep::nothing,
                [](Grad g, Fn f) { return spread(g, f.shape(0), f.attributes<Reduced>().axes); }}}},
      .fields = &fields_of<Reduced>,
      .again = again_over<sum>,
      .jvp = Jvp::By::linear};
  const Shape shape = reduced_shape(x.shape(), axes, keepdim);
  Tensor y = visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    using A = std::conditional_t<std::same_as<T, bool>, std::int64_t, T>;
    return fold_axes<SumFold, A, T>(x, axes, shape);
  });
  return record(op, {x}, std::move(y), Reduced{axes, keepdim});
}

Tensor mean_over(const Tensor& x, AxisBits axes, bool keepdim) {
  static constexpr Op op = {.name = "mean",
                            .vjp = {{{keep::nothing,
                                      [](Grad g, Fn f) {
                                        const AxisBits over = f.attributes<Reduced>().axes;
                                        const auto n = static_cast<double>(reduced_count(f.shape(0), over));
                                        return spread(g / n, f.shape(0), over);
                                      }}}},
                            .fields = &fields_of<Reduced>,
                            .again = again_over<mean>,
                            .jvp = Jvp::By::linear};
  check_floating("mean", x);
  const Shape shape = reduced_shape(x.shape(), axes, keepdim);
  const auto count = static_cast<double>(reduced_count(x.shape(), axes));
  Tensor y = visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    Tensor sums = fold_axes<SumFold, T, T>(x, axes, shape);
    divide_by(sums, static_cast<T>(count));
    return sums;
  });
  return record(op, {x}, std::move(y), Reduced{axes, keepdim});
}

}  // namespace detail

Tensor sum(const Tensor& x) { return sum_over(x, all_axes(x.dim()), false); }
Tensor sum(const Tensor& x, const Axes& axes, bool keepdim) {
  return sum_over(x, axis_bits("sum", axes, x), keepdim);
}

Tensor mean(const Tensor& x) { return mean_over(x, all_axes(x.dim()), false); }
Tensor mean(const Tensor& x, const Axes& axes, bool keepdim) {
  return mean_over(x, axis_bits("mean", axes, x), keepdim);
}

// Truth -----------------------------------------------------------------------------------------------------

namespace {

/// Whether an element is not 0, which nan is.
template <class A>
struct NotZero : Plain<A> {
  template <class T>
  A operator()(T u, std::int64_t) const {
    return u != T{0};
  }
};

/// The fold over whether elements are not 0, in the element type A.
template <class F, class A>
Tensor fold_truth(const Op& op, const Tensor& x, const Axes& axes, bool keepdim) {
  const AxisBits bits = axis_bits(op.name, axes, x);
  Tensor y = visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    return fold_axes<F, A, T>(x, bits, reduced_shape(x.shape(), bits, keepdim), NotZero<A>());
  });
  return pass(op, {x}, std::move(y), [&] { return Reduced{bits, keepdim}; });
}

}  // namespace

Tensor any(const Tensor& x, const Axes& axes, bool keepdim) {
  static constexpr Op op = {.name = "any", .fields = &fields_of<Reduced>, .again = again_over<any>};
  return fold_truth<AnyFold, bool>(op, x, axes, keepdim);
}
Tensor all(const Tensor& x, const Axes& axes, bool keepdim) {
  static constexpr Op op = {.name = "all", .fields = &fields_of<Reduced>, .again = again_over<all>};
  return fold_truth<AllFold, bool>(op, x, axes, keepdim);
}
Tensor count_nonzero(const Tensor& x, const Axes& axes, bool keepdim) {
  static constexpr Op op = {
      .name = "count_nonzero", .fields = &fields_of<Reduced>, .again = again_over<count_nonzero>};
  return fold_truth<SumFold, std::int64_t>(op, x, axes, keepdim);
}

}  // namespace xgrad
