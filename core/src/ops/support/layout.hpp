#pragma once

#include "kernels/loops/layout.hpp"
#include "tensor/node.hpp"

// Copies of tensors, and of parts of them.

namespace xgrad::detail {

/// to[...] = from[...] in this layout; the tensors have one dtype, and steps start at these elements.
inline void copy_elements(const LayoutCopy& layout, const Tensor& to, std::int64_t to_first,
                          const Tensor& from, std::int64_t from_first) {
  layout.run(to.dtype(), ptr<void>(to), to_first, ptr<void>(from), from_first);
}

/// A place in a tensor: entry `start` along an axis.
struct EntryOf {
  const Tensor& tensor;
  int axis;
  std::int64_t start;
};

/// Copies `count` neighbouring entries along an axis; all other sizes of the two tensors agree.
void copy_entries(EntryOf to, EntryOf from, std::int64_t count);

/// x broadcast to a shape that it broadcasts to, as a copy.
Tensor repeated(const Tensor& x, const Shape& shape);

/// Axis i of the result is axis axes[i] of x.
Tensor permuted(const Tensor& x, const int* axes);

}  // namespace xgrad::detail
