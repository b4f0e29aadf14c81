#pragma once

#include <vector>

#include "xgrad/core/axes.hpp"
#include "xgrad/core/tensor.hpp"

// Parts of tensors, of any dtype. Negative axes count from the end; an axis that is not there is an Error.
// The gradient of a part is that of the whole, with zeros around it.

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

// Of a temporary: see reshape.

inline Tensor slice(Tensor&& x, int axis, std::int64_t start, std::int64_t stop = Tensor::end_of_axis,
                    std::int64_t step = 1) {
  return x.part(slice(x, axis, start, stop, step));
}
inline Tensor select(Tensor&& x, int axis, std::int64_t index) { return x.part(select(x, axis, index)); }
inline Tensor narrow(Tensor&& x, int axis, std::int64_t start, std::int64_t length) {
  return x.part(narrow(x, axis, start, length));
}

/// What comes before and behind the elements: a value; the elements mirrored without the one at the edge; the
/// one at the edge; the elements from the other end.
enum class PadMode : std::uint8_t { constant, reflect, replicate, circular };

/// x with `pads` = {before, behind} of the last axis, then of the one before it, and so on. Negative ones cut
/// off. Throws Error for an odd number of them, for more than x has axes, and where there is not enough to
/// mirror.
Tensor pad(const Tensor& x, const std::vector<std::int64_t>& pads, PadMode mode = PadMode::constant,
           Scalar value = 0);

/// The k-th diagonal of a matrix (0: the main one, 1: the one above it), or the square matrix with a vector
/// on its k-th diagonal. Throws Error for other ranks.
Tensor diag(const Tensor& x, int diagonal = 0);
/// The offset-th diagonal over two axes, as the last axis of the result.
Tensor diagonal(const Tensor& x, int offset = 0, int axis1 = 0, int axis2 = 1);
/// Zeros with the last axis of x on the offset-th diagonal of two new axes; their places in the result.
Tensor diag_embed(const Tensor& x, int offset = 0, int axis1 = -2, int axis2 = -1);
/// Matrices with zeros above (below) their k-th diagonal. Throws Error for less than two axes.
Tensor tril(const Tensor& x, int diagonal = 0);
Tensor triu(const Tensor& x, int diagonal = 0);

}  // namespace xgrad
