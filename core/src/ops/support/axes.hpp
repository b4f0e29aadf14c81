#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "xgrad/core/axes.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// A set of axes as bits: bit i for axis i. It fits the attributes of a node.
using AxisBits = std::uint32_t;

inline bool has(AxisBits axes, int i) { return (axes >> i & 1) != 0; }

/// All axes of a tensor of this rank.
inline AxisBits all_axes(int rank) { return rank == 32 ? ~AxisBits{0} : (AxisBits{1} << rank) - 1; }

/// These axes, as a list.
std::vector<int> list_of(AxisBits axes);

/// The attributes of an op on some axes, and of one that reduces them.
struct Over {
  AxisBits axes;
  void fields(auto&& field) const { field("axes", list_of(axes)); }
};
struct Reduced {
  AxisBits axes;
  bool keepdim;
  void fields(auto&& field) const { field("axes", list_of(axes)), field("keepdim", keepdim); }
};

/// The named axes of x; throws Error for one that is out of range or named twice.
AxisBits axis_bits(const char* op, const Axes& axes, const Tensor& x);

/// An axis of x counted from the front, where a number counts as having one axis.
int line_axis(const char* op, int axis, const Tensor& x);

/// Entries start, start + step, ... of an axis, `count` of them; up to one entry, the step is 1.
struct Entries {
  std::int64_t start, step, count;
};

/// The entries of an axis of size n that a slice names: negative bounds count from the end, and bounds beyond
/// the axis are limited to it. No start or stop means the end that the step, which is not 0, comes from or
/// goes to.
Entries entries_of(std::optional<std::int64_t> start, std::optional<std::int64_t> stop, std::int64_t step,
                   std::int64_t n);

/// The shape after these axes are reduced to size 1 (keepdim) or taken out.
Shape reduced_shape(const Shape& shape, AxisBits axes, bool keepdim);

/// The shape without an axis; that of a number stays.
Shape without_axis(const Shape& shape, int axis);

/// The number of elements that are reduced to one.
std::int64_t reduced_count(const Shape& shape, AxisBits axes);

}  // namespace xgrad::detail
