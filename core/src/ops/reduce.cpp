#include "xgrad/core/ops/reduce.hpp"

#include "errors.hpp"
#include "kernels/reduce.hpp"
#include "ops/axes.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace detail {

Tensor spread(const Tensor& g, const Shape& shape, AxisBits axes) {
  if (g.dim() == 0) return expand(g, shape);
  const Shape kept = reduced_shape(shape, axes, true);
  return expand(g.shape() == kept ? g : reshape(g, kept), shape);
}

}  // namespace detail

namespace {

Tensor sum_bits(const Tensor& x, AxisBits axes, bool keepdim) {
  static constexpr Op op = {.name = "sum", .vjp = {{{keep::nothing, [](Grad g, Fn f) {
                                                       return spread(g, f.shape(0), f.attributes<AxisBits>());
                                                     }}}}};
  const Shape shape = reduced_shape(x.shape(), axes, keepdim);
  Tensor y = visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    using A = std::conditional_t<std::same_as<T, bool>, std::int64_t, T>;
    return fold_axes<SumFold, A, T>(x, axes, shape);
  });
  return record(op, {x}, std::move(y), axes);
}

}  // namespace

Tensor sum(const Tensor& x) { return sum_bits(x, all_axes(x.dim()), false); }
Tensor sum(const Tensor& x, const Axes& axes, bool keepdim) {
  return sum_bits(x, axis_bits("sum", axes, x.dim()), keepdim);
}

}  // namespace xgrad
