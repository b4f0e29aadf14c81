#pragma once

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
/// Rows of x along axis by an int64 vector of indices; repeated ones add up in the gradient.
/// Throws Error with the place and the value when one is out of range.
Tensor index_select(const Tensor& x, int axis, const Tensor& index);
/// y[..., i, ...] = x[..., index[..., i, ...], ...] along axis; index has x's rank and no larger other sizes.
Tensor gather(const Tensor& x, int axis, const Tensor& index);
/// x with source added at index along axis, the transpose of gather: x[..., index[i], ...] += source[..., i,
/// ...].
Tensor scatter_add(const Tensor& x, int axis, const Tensor& index, const Tensor& source);
/// int64 classes to rows of 0 and 1, int64[..., classes]; classes = -1 takes the largest plus one.
Tensor one_hot(const Tensor& x, std::int64_t classes = -1);

}  // namespace xgrad
