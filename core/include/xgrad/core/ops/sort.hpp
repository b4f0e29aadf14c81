#pragma once

#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/tensor.hpp"

// Order along an axis. nan counts as larger than every number; the values carry the gradient, each cotangent
// to the element that it came from.

namespace xgrad {

/// The elements in ascending (descending) order along an axis, and where each stood; equal ones keep their
/// order.
ValuesAndIndices sort(const Tensor& x, int axis = -1, bool descending = false);
/// The indices of sort.
Tensor argsort(const Tensor& x, int axis = -1, bool descending = false);
/// The k largest (smallest) elements along an axis in descending (ascending) order, and where they stood; of
/// equal ones the first are taken. Throws Error unless 0 <= k <= the size of the axis.
ValuesAndIndices topk(const Tensor& x, std::int64_t k, int axis = -1, bool largest = true);

/// The middle value, of an even number the lower of the two in the middle; nan if any is nan. Equal values
/// share the cotangent equally. With an axis also its index, the first of equal ones, which takes all the
/// cotangent.
Tensor median(const Tensor& x);
ValuesAndIndices median(const Tensor& x, int axis, bool keepdim = false);

}  // namespace xgrad
