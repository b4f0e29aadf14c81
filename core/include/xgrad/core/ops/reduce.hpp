#pragma once

#include "xgrad/core/axes.hpp"
#include "xgrad/core/tensor.hpp"

// Reductions over all elements, or over some axes (negative ones count from the end). With keepdim the
// reduced axes stay with size 1. Sums are pairwise, so their error grows with the logarithm of the length.

namespace xgrad {

/// The sum; of integers and bools int64; 0 over nothing.
Tensor sum(const Tensor& x);
Tensor sum(const Tensor& x, const Axes& axes, bool keepdim = false);
/// The mean of a floating tensor; nan over nothing. Throws Error for integers.
Tensor mean(const Tensor& x);
Tensor mean(const Tensor& x, const Axes& axes, bool keepdim = false);
/// The product; 1 over nothing. The gradient is exact where factors are 0.
Tensor prod(const Tensor& x);
Tensor prod(const Tensor& x, int axis, bool keepdim = false);

/// The largest (smallest) value; nan if any is nan; equal values share the cotangent equally.
/// Throws Error over nothing.
Tensor amax(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor amin(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The largest (smallest) value of all elements; equal values share the cotangent.
Tensor max(const Tensor& x);
Tensor min(const Tensor& x);

struct ValuesAndIndices {
  Tensor values;
  Tensor indices;  ///< int64, no gradient
};
/// The largest (smallest) value along an axis and its index; the first of equal values takes all.
ValuesAndIndices max(const Tensor& x, int axis, bool keepdim = false);
ValuesAndIndices min(const Tensor& x, int axis, bool keepdim = false);
/// The index of the largest (smallest) value, the first of equal ones; a nan counts as largest (smallest).
Tensor argmax(const Tensor& x);
Tensor argmax(const Tensor& x, int axis, bool keepdim = false);
Tensor argmin(const Tensor& x);
Tensor argmin(const Tensor& x, int axis, bool keepdim = false);

/// sum((x - mean)^2) / (n - correction), in two passes; correction 1 is Bessel's. nan where n <= correction.
Tensor var(const Tensor& x, const Axes& axes = {}, int correction = 1, bool keepdim = false);
/// sqrt(var); d/dx is 0 where the deviation is 0.
Tensor stddev(const Tensor& x, const Axes& axes = {}, int correction = 1, bool keepdim = false);
/// (sum |x|^p)^(1/p), for p = 2 the Euclidean norm; p = infinity is max |x|; d/dx is 0 at x = 0.
Tensor norm(const Tensor& x, double p = 2, const Axes& axes = {}, bool keepdim = false);
/// log(sum(e^x)), computed after the maximum is subtracted; -inf over nothing.
Tensor logsumexp(const Tensor& x, const Axes& axes, bool keepdim = false);
/// True where any (all) are not 0. No gradient.
Tensor any(const Tensor& x);
Tensor any(const Tensor& x, const Axes& axes, bool keepdim = false);
Tensor all(const Tensor& x);
Tensor all(const Tensor& x, const Axes& axes, bool keepdim = false);

}  // namespace xgrad
