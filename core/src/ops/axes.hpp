#pragma once

#include <cstdint>

#include "xgrad/core/axes.hpp"
#include "xgrad/core/shape.hpp"

namespace xgrad::detail {

/// A set of axes as bits: bit i for axis i. It fits the attributes of a node.
using AxisBits = std::uint32_t;

inline bool has(AxisBits axes, int i) { return (axes >> i & 1) != 0; }

/// All axes of a tensor of this rank.
inline AxisBits all_axes(int rank) { return rank == 32 ? ~AxisBits{0} : (AxisBits{1} << rank) - 1; }

/// The named axes; throws Error for one that is out of range or named twice.
AxisBits axis_bits(const char* op, const Axes& axes, int rank);

/// An axis counted from the front, where a number counts as having one axis.
int line_axis(const char* op, int axis, int rank);

/// The shape after these axes are reduced to size 1 (keepdim) or taken out.
Shape reduced_shape(const Shape& shape, AxisBits axes, bool keepdim);

/// The shape without an axis; that of a number stays.
Shape without_axis(const Shape& shape, int axis);

/// The number of elements that are reduced to one.
std::int64_t reduced_count(const Shape& shape, AxisBits axes);

}  // namespace xgrad::detail
