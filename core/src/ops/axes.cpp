#include "ops/axes.hpp"

#include <algorithm>

#include "errors.hpp"

namespace xgrad {

void Axes::take(std::span<const int> axes) {
  if (axes.size() > max_count)
    detail::fail("axes", std::to_string(axes.size()) + " axes are more than the " +
                             std::to_string(max_count) + " that a tensor can have");
  count_ = static_cast<int>(axes.size());
  std::copy(axes.begin(), axes.end(), axes_);
}

namespace detail {

AxisBits axis_bits(const char* op, const Axes& axes, int rank) {
  if (axes.all()) return all_axes(rank);
  AxisBits bits = 0;
  for (int axis : axes.list()) {
    const AxisBits bit = AxisBits{1} << line_axis(op, axis, rank);
    if (bits & bit) fail(op, "axis " + std::to_string(axis) + " is named twice; name each axis once");
    bits |= bit;
  }
  return bits & all_axes(rank);
}

int line_axis(const char* op, int axis, int rank) { return check_axis(op, axis, rank == 0 ? 1 : rank); }

Shape without_axis(const Shape& shape, int axis) {
  Shape out = shape;
  if (out.rank() > 0) out.erase(axis);
  return out;
}

Shape reduced_shape(const Shape& shape, AxisBits axes, bool keepdim) {
  if (!keepdim && axes == all_axes(shape.rank())) return {};
  Shape out = shape;
  int rank = 0;
  for (int i = 0; i < shape.rank(); ++i) {
    if (!has(axes, i))
      out[rank++] = shape[i];
    else if (keepdim)
      out[rank++] = 1;
  }
  return Shape(std::span<const std::int64_t>(out.begin(), static_cast<std::size_t>(rank)));
}

std::int64_t reduced_count(const Shape& shape, AxisBits axes) {
  std::int64_t n = 1;
  for (int i = 0; i < shape.rank(); ++i)
    if (has(axes, i)) n *= shape[i];
  return n;
}

}  // namespace detail
}  // namespace xgrad
