#pragma once

#include <span>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad {

/// The same elements in another shape; one size may be -1 and is worked out. Shares the buffer.
/// Throws Error when the numbers of elements differ.
Tensor reshape(const Tensor& x, const Shape& shape);
/// Axes start to end made one axis. Shares the buffer.
Tensor flatten(const Tensor& x, int start = 0, int end = -1);
/// An axis of size 1 before `axis` (negative: from the end, -1 adds the last). Shares the buffer.
Tensor unsqueeze(const Tensor& x, int axis);
/// Without the axes of size 1, or without this one if its size is 1. Shares the buffer.
Tensor squeeze(const Tensor& x);
Tensor squeeze(const Tensor& x, int axis);

/// Two axes exchanged; copies.
Tensor transpose(const Tensor& x, int axis0, int axis1);
/// Axis i of the result is axis axes[i] of x; copies.
Tensor permute(const Tensor& x, const std::vector<int>& axes);

/// x broadcast to a shape; -1 keeps a size. Copies.
Tensor expand(const Tensor& x, const Shape& shape);
Tensor broadcast_to(const Tensor& x, const Shape& shape);

/// Tensors joined along an axis; the other sizes and the dtypes agree. Throws Error for none.
Tensor cat(std::span<const Tensor> tensors, int axis = 0);
Tensor cat(std::initializer_list<Tensor> tensors, int axis = 0);
Tensor cat(const std::vector<Tensor>& tensors, int axis = 0);
/// Tensors of one shape joined along a new axis.
Tensor stack(std::span<const Tensor> tensors, int axis = 0);
Tensor stack(std::initializer_list<Tensor> tensors, int axis = 0);
Tensor stack(const std::vector<Tensor>& tensors, int axis = 0);

/// Parts of `size` along an axis, the last one smaller where it must be.
std::vector<Tensor> split(const Tensor& x, std::int64_t size, int axis = 0);
/// Parts of these sizes, which sum to the size of the axis.
std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes, int axis = 0);

}  // namespace xgrad
