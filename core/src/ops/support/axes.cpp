#include "ops/support/axes.hpp"

#include <algorithm>

#include "tensor/errors.hpp"
#include "tensor/sizes.hpp"

namespace xgrad {

void Axes::take(std::span<const int> axes) {
  if (axes.size() > max_count)
    detail::fail("Axes", std::to_string(axes.size()) + " axes are more than the " +
                             std::to_string(max_count) + " that a tensor can have; name each axis once");
  count_ = static_cast<int>(axes.size());
  std::copy(axes.begin(), axes.end(), axes_);
}

namespace detail {

std::vector<int> list_of(AxisBits axes) {
  std::vector<int> list;
  for (int i = 0; i < Axes::max_count; ++i)
    if (has(axes, i)) list.push_back(i);
  return list;
}

AxisBits axis_bits(const char* op, const Axes& axes, const Tensor& x) {
  const int rank = x.dim(op);
  if (axes.all()) return all_axes(rank);
  AxisBits bits = 0;
  for (int axis : axes.list()) {
    const AxisBits bit = AxisBits{1} << line_axis(op, axis, x);
    if (bits & bit)
      fail(op, "axis " + std::to_string(axis) + " is named twice: x is " + x.describe() +
                   "; name each axis once");
    bits |= bit;
  }
  return bits & all_axes(rank);
}

int line_axis(const char* op, int axis, const Tensor& x) {
  return check_axis(op, axis, x, std::max(x.dim(op), 1));
}

Shape without_axis(const Shape& shape, int axis) {
  Shape out = shape;
  if (out.rank() > 0) out.erase(axis);
  return out;
}

Entries entries_of(std::optional<std::int64_t> start, std::optional<std::int64_t> stop, std::int64_t step,
                   std::int64_t n) {
  const bool forwards = step > 0;
  const auto bound = [&](std::int64_t at) {
    if (at < 0) at += n;
    return std::clamp<std::int64_t>(at, forwards ? 0 : -1, forwards ? n : n - 1);
  };
  const std::int64_t first = start ? bound(*start) : forwards ? 0 : n - 1;
  const std::int64_t end = stop && *stop != Tensor::end_of_axis ? bound(*stop) : forwards ? n : -1;
  const std::int64_t count = steps_between(first, end, step);
  return {first, count > 1 ? step : 1, count};
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
