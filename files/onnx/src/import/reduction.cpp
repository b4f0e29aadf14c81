#include "xgrad/core/ops/reduce.hpp"

#include <numeric>

#include "import/node.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/sort.hpp"
#include "xgrad/core/ops/unary.hpp"

// Reductions, places of extrema, scans and order.

namespace xgrad::onnx::detail {

namespace {

/// The axes of a reduction: all where none are named, or none where that is asked for.
Axes axes_of(const NodeCall& c) {
  const int rank = c.x(0).dim();
  std::vector<int> axes;
  if (const auto named = c.axes(1); named && !named->empty()) {
    for (std::int64_t axis : *named) axes.push_back(c.axis_of(axis, rank));
  } else if (c.integer("noop_with_empty_axes", 0) == 0) {
    axes.resize(static_cast<std::size_t>(rank));
    std::iota(axes.begin(), axes.end(), 0);
  }
  return Axes(axes);
}

template <Tensor (*f)(const Tensor&, const Axes&, bool)>
Tensors reduce(const NodeCall& c) {
  const Axes axes = axes_of(c);
  if (axes.list().empty()) return one(c.x(0));
  return one(f(c.x(0), axes, c.integer("keepdims", 1) != 0));
}

Tensor sum_of(const Tensor& x, const Axes& a, bool k) { return sum(x, a, k); }
Tensor mean_of(const Tensor& x, const Axes& a, bool k) { return mean(x, a, k); }
Tensor product_of(const Tensor& x, const Axes& a, bool k) { return prod(x, a, k); }
Tensor l1(const Tensor& x, const Axes& a, bool k) { return sum(abs(x), a, k); }
Tensor l2(const Tensor& x, const Axes& a, bool k) { return norm(x, 2, a, k); }
Tensor log_sum(const Tensor& x, const Axes& a, bool k) { return log(sum(x, a, k)); }
Tensor log_sum_exp(const Tensor& x, const Axes& a, bool k) { return logsumexp(x, a, k); }
Tensor sum_square(const Tensor& x, const Axes& a, bool k) { return sum(square(x), a, k); }

/// Where the largest or smallest element stands: the first, or the last of equal ones.
template <Tensor (*f)(const Tensor&, int, bool)>
Tensors place(const NodeCall& c) {
  const Tensor& x = c.x(0);
  const int axis = c.axis("axis", 0, x.dim());
  const bool keepdim = c.integer("keepdims", 1) != 0;
  if (c.integer("select_last_index", 0) == 0) return one(f(x, axis, keepdim));
  return one(sub(x.size(axis) - 1, f(flip(x, {axis}), axis, keepdim)));
}

Tensors cumulative(const NodeCall& c) {
  const Tensor& x = c.x(0);
  const Tensor at = c.x(1);
  if (at.numel() != 1) c.fail("the axis must be one number: it is " + at.describe());
  const int axis = c.axis_of(at.item<std::int64_t>(), x.dim());
  const bool reverse = c.integer("reverse", 0) != 0;
  Tensor y = reverse ? flip(x, {axis}) : x;
  if (c.integer("exclusive", 0) != 0 && y.size(axis) > 0) {
    // What comes before each element: shifted by one with a 0 in front.
    std::vector<std::int64_t> pads(static_cast<std::size_t>(2 * (x.dim() - axis)));
    pads[pads.size() - 2] = 1, pads[pads.size() - 1] = -1;
    y = pad(y, pads);
  }
  y = cumsum(y, axis);
  return one(reverse ? flip(y, {axis}) : y);
}

Tensors largest(const NodeCall& c) {
  const Tensor& x = c.x(0);
  const int axis = c.axis("axis", -1, x.dim());
  std::int64_t k = c.integer("k", 0);
  if (c.has(1)) {
    const Integers numbers = c.numbers(1);
    if (numbers.size() != 1) c.fail("k must be one number: there are " + std::to_string(numbers.size()));
    k = numbers[0];
  }
  const ValuesAndIndices y = topk(x, k, axis, c.integer("largest", 1) != 0);
  return {y.values, y.indices};
}

}  // namespace

void add_reductions(ImportTable& t) {
  t["ReduceSum"] = reduce<sum_of>, t["ReduceMean"] = reduce<mean_of>, t["ReduceProd"] = reduce<product_of>;
  t["ReduceMax"] = reduce<amax>, t["ReduceMin"] = reduce<amin>, t["ReduceL1"] = reduce<l1>,
  t["ReduceL2"] = reduce<l2>;
  t["ReduceLogSum"] = reduce<log_sum>, t["ReduceLogSumExp"] = reduce<log_sum_exp>;
  t["ReduceSumSquare"] = reduce<sum_square>;
  t["ArgMax"] = place<argmax>, t["ArgMin"] = place<argmin>, t["CumSum"] = cumulative, t["TopK"] = largest;
}

}  // namespace xgrad::onnx::detail
