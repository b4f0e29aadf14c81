#pragma once

#include "xgrad/core/axes.hpp"
#include "xgrad/core/tensor.hpp"

// Reductions over all elements, or over some axes (negative ones count from the end). With keepdim the
// reduced axes stay with size 1. Sums are pairwise, so their error grows with the logarithm of the length. An
// axis that is not there, or is named twice, is an Error.

namespace xgrad {

struct ValuesAndIndices {
  Tensor values;
  Tensor indices;  ///< int64, no gradient
};

// Sums and products.
// ------------------------------------------------------------------------------------------

/// The sum; of integers and bools int64; 0 over nothing. d/dx = 1.
Tensor sum(const Tensor& x);
Tensor sum(const Tensor& x, const Axes& axes, bool keepdim = false);
/// The mean of a floating tensor; nan over nothing. d/dx = 1 / n. Throws Error for integers.
Tensor mean(const Tensor& x);
Tensor mean(const Tensor& x, const Axes& axes, bool keepdim = false);
/// The product; of integers and bools int64; 1 over nothing. d/dx_i is the product of the others, exact where
/// some are 0, and so are its own derivatives.
Tensor prod(const Tensor& x);
Tensor prod(const Tensor& x, const Axes& axes, bool keepdim = false);

/// y_i = x_0 + ... + x_i along an axis; of bools int64.
Tensor cumsum(const Tensor& x, int axis);
/// y_i = x_0 ... x_i along an axis; of bools int64. Its derivatives are exact where some x_i are 0.
Tensor cumprod(const Tensor& x, int axis);

// Extrema of any dtype. Each throws Error over nothing.
// ---------------------------------------------------------

/// The largest (smallest) value; nan if any is nan. Equal values share the cotangent equally; nans share it.
Tensor amax(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor amin(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// amax (amin) over all elements.
Tensor max(const Tensor& x);
Tensor min(const Tensor& x);
/// The largest (smallest) value along an axis and its index. The first of equal values takes all the
/// cotangent; the first nan, if there is one, counts as largest (smallest).
ValuesAndIndices max(const Tensor& x, int axis, bool keepdim = false);
ValuesAndIndices min(const Tensor& x, int axis, bool keepdim = false);
/// The index of the largest (smallest) value, as in max with an axis; without one, in the flattened elements.
Tensor argmax(const Tensor& x);
Tensor argmax(const Tensor& x, int axis, bool keepdim = false);
Tensor argmin(const Tensor& x);
Tensor argmin(const Tensor& x, int axis, bool keepdim = false);
/// The largest (smallest) of x_0 to x_i along an axis and its index, the first of equal ones.
ValuesAndIndices cummax(const Tensor& x, int axis);
ValuesAndIndices cummin(const Tensor& x, int axis);
// Statistics of floating tensors; each throws Error for integers.
// -----------------------------------------------

/// sum((x - mean)^2) / (n - correction), in two passes; correction 1 is Bessel's. nan where n <= correction.
/// d/dx = 2 (x - mean) / (n - correction).
Tensor var(const Tensor& x, const Axes& axes = {}, int correction = 1, bool keepdim = false);
/// sqrt(var). d/dx = (x - mean) / (stddev (n - correction)), 0 where the deviation is 0.
Tensor stddev(const Tensor& x, const Axes& axes = {}, int correction = 1, bool keepdim = false);
/// (sum |x|^p)^(1/p) without overflow on the way, for p = 2 the Euclidean norm; p = 0 counts what is not 0,
/// p = infinity (-infinity) is max (min) |x|.
/// d/dx = sign(x) (|x| / norm)^(p - 1), 0 at x = 0; for infinite p equal magnitudes share sign(x) equally.
Tensor norm(const Tensor& x, double p = 2, const Axes& axes = {}, bool keepdim = false);
/// log(sum(e^x)), computed after the maximum is subtracted; -inf over nothing; integers count as float32.
/// d/dx = e^x / sum(e^x) from the shifted exponentials, so that it sums to 1 at any offset. Where the largest
/// is inf, equal ones share it; for a line of -inf, as masks make them, it is 0.
Tensor logsumexp(const Tensor& x, const Axes& axes, bool keepdim = false);

// Truth: nan and all numbers but 0 are true. No gradient.
// -------------------------------------------------------

/// True when any is true; false over nothing.
Tensor any(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// True when all are true; true over nothing.
Tensor all(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// How many are true, int64.
Tensor count_nonzero(const Tensor& x, const Axes& axes = {}, bool keepdim = false);

}  // namespace xgrad
