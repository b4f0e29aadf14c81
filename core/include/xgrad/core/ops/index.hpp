#pragma once

#include <optional>
#include <vector>

#include "xgrad/core/axes.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad {

/// Elements start, start + step, ... before stop along axis. Negative start and stop count from the end and
/// are limited to the axis; end_of_axis is the end in the direction of the step, so slice(x, 0, -1,
/// end_of_axis, -1) reverses the rows. Leading rows with step 1 share the buffer, all else is copied. Throws
/// Error for step 0.
Tensor slice(const Tensor& x, int axis, std::int64_t start, std::int64_t stop = Tensor::end_of_axis,
             std::int64_t step = 1);
/// The index-th entry along axis, one axis less. Throws Error when there is none.
Tensor select(const Tensor& x, int axis, std::int64_t index);
/// Entries start to start + length - 1 along axis. Throws Error when they are not all there.
Tensor narrow(const Tensor& x, int axis, std::int64_t start, std::int64_t length);

// By index. Indices are int64, and one that is out of range is an Error with its place and value. What
// several indices read adds up in the gradient.

/// Rows of x along axis by a vector of indices: y[..., i, ...] = x[..., index[i], ...].
Tensor index_select(const Tensor& x, int axis, const Tensor& index);
/// y[..., i, ...] = x[..., index[..., i, ...], ...] along axis; the index has x's rank and no larger other
/// sizes.
Tensor gather(const Tensor& x, int axis, const Tensor& index);
/// gather, after all sizes but those of axis are broadcast; without an axis, of the flattened elements.
Tensor take_along_dim(const Tensor& x, const Tensor& index, int axis);
Tensor take_along_dim(const Tensor& x, const Tensor& index);
/// x with the source put at the index along axis: y[..., index[..., i, ...], ...] = source[..., i, ...]. The
/// index has x's rank and no larger other sizes; the source is of x's dtype and no smaller than the index. Of
/// several to one place the last stays, and it alone has a gradient.
Tensor scatter(const Tensor& x, int axis, const Tensor& index, const Tensor& source);
Tensor scatter(const Tensor& x, int axis, const Tensor& index, Scalar value);
/// x with the source added at the index along axis, in the same way; the transpose of gather.
Tensor scatter_add(const Tensor& x, int axis, const Tensor& index, const Tensor& source);
/// Rows of a weight [rows, width] by input, [..., width]; the row padding_idx gets no gradient.
Tensor embedding(const Tensor& input, const Tensor& weight, std::optional<std::int64_t> padding_idx = {});
/// Classes to rows of 0 and 1, int64[..., classes]; classes = -1 takes the largest plus one.
Tensor one_hot(const Tensor& x, std::int64_t classes = -1);

}  // namespace xgrad
