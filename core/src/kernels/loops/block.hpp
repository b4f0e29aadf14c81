#pragma once

#include "xgrad/core/shape.hpp"

namespace xgrad::detail {

/// A shape seen from one axis, or from neighbouring ones: outer x n x inner elements. A fold makes outer x
/// inner of them.
struct Block {
  std::int64_t outer, n, inner;
  /// 0 where there is nothing to walk over, and other sizes may be vast.
  std::int64_t elements() const { return outer * n * inner; }
};

/// The axis of a shape as a block; a number counts as a line of one element.
inline Block block_at(const Shape& shape, int axis) {
  Block b{1, shape.rank() ? shape[axis] : 1, 1};
  for (int i = 0; i < shape.rank(); ++i)
    if (i != axis) (i < axis ? b.outer : b.inner) *= shape[i];
  return b;
}

}  // namespace xgrad::detail
