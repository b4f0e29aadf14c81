#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "xgrad/core/axes.hpp"
#include "xgrad/core/tensor.hpp"

// Shapes and the order of axes; joining and splitting. Tensors of any dtype; negative axes count from the
// end. An axis that is not there is an Error.

namespace xgrad {

// The same elements: these share the buffer and copy nothing.
// ------------------------------------------------

/// The elements of x in another shape, in row-major order; one size may be -1 and is worked out.
/// Throws Error when the numbers of elements differ, and for sizes that no tensor has: see Shape.
Tensor reshape(const Tensor& x, const Shape& shape);
/// reshape, which never copies here.
Tensor view(const Tensor& x, const Shape& shape);
/// Axes start to end made one axis; of a 0-dimensional x, [1]. Throws Error when end is before start.
Tensor flatten(const Tensor& x, int start = 0, int end = -1);
/// Axis `axis` split into these sizes, one of which may be -1.
Tensor unflatten(const Tensor& x, int axis, const Shape& sizes);
/// A new axis of size 1 that becomes axis `axis` of the result (-1: the last).
Tensor unsqueeze(const Tensor& x, int axis);
/// Without the axes of size 1; with an axis, without it if its size is 1.
Tensor squeeze(const Tensor& x);
Tensor squeeze(const Tensor& x, int axis);

// Of a temporary, for which the same holds as for the members: reshape(x.t(), {9}).fill_(1) throws Error.

inline Tensor reshape(Tensor&& x, const Shape& shape) { return x.part(reshape(x, shape)); }
inline Tensor view(Tensor&& x, const Shape& shape) { return x.part(view(x, shape)); }
inline Tensor flatten(Tensor&& x, int start = 0, int end = -1) { return x.part(flatten(x, start, end)); }
inline Tensor unflatten(Tensor&& x, int axis, const Shape& sizes) {
  return x.part(unflatten(x, axis, sizes));
}
inline Tensor unsqueeze(Tensor&& x, int axis) { return x.part(unsqueeze(x, axis)); }
inline Tensor squeeze(Tensor&& x) { return x.part(squeeze(x)); }
inline Tensor squeeze(Tensor&& x, int axis) { return x.part(squeeze(x, axis)); }

// The order of axes: copies.
// ----------------------------------------------------------------------------------

/// Two axes exchanged.
Tensor transpose(const Tensor& x, int axis0, int axis1);
/// Axis i of the result is axis axes[i] of x. Throws Error unless every axis is named once.
Tensor permute(const Tensor& x, const Axes& axes);
/// Axes moved to new places, the others left in their order. Throws Error for lists of different lengths.
Tensor movedim(const Tensor& x, const Axes& source, const Axes& destination);
/// The order of elements reversed along these axes.
Tensor flip(const Tensor& x, const Axes& axes);
/// y[i] = x[(i - shift) mod n] along the axis: elements that leave at the end come back at the start.
/// Without axes, of the flattened elements. Throws Error for numbers of shifts and axes that differ.
Tensor roll(const Tensor& x, std::int64_t shift);
Tensor roll(const Tensor& x, std::int64_t shift, int axis);
Tensor roll(const Tensor& x, const std::vector<std::int64_t>& shifts, const std::vector<int>& axes);

// Repetition: copies.
// -----------------------------------------------------------------------------------------

/// x broadcast to a shape; -1 keeps a size. Throws Error when it does not broadcast to it.
Tensor expand(const Tensor& x, const Shape& shape);
/// expand, under NumPy's name.
Tensor broadcast_to(const Tensor& x, const Shape& shape);
/// x repeats[i] times along axis i, the axes matched from the right; y[i] = x[i mod n]. Throws Error for
/// fewer repeats than axes, and for negative ones.
Tensor repeat(const Tensor& x, const Shape& repeats);
/// repeat, with 1 in front of the repeats where there are too few.
Tensor tile(const Tensor& x, const Shape& repeats);
/// Vectors (or numbers) x_0, x_1, ... to tensors of shape [n_0, n_1, ...]: the k-th holds x_k[i_k] at [i_0,
/// i_1, ...].
std::vector<Tensor> meshgrid(std::span<const Tensor> tensors);
std::vector<Tensor> meshgrid(std::initializer_list<Tensor> tensors);
std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors);

// Joining.
// ----------------------------------------------------------------------------------------------------

/// Tensors joined along an axis. Throws Error for none, and unless dtypes and all other sizes agree.
Tensor cat(std::span<const Tensor> tensors, int axis = 0);
Tensor cat(std::initializer_list<Tensor> tensors, int axis = 0);
Tensor cat(const std::vector<Tensor>& tensors, int axis = 0);
/// Tensors of one shape joined along a new axis. Throws Error for none, and unless dtypes and shapes agree.
Tensor stack(std::span<const Tensor> tensors, int axis = 0);
Tensor stack(std::initializer_list<Tensor> tensors, int axis = 0);
Tensor stack(const std::vector<Tensor>& tensors, int axis = 0);

// Splitting: one node for all parts, so that their gradients meet in one pass.
// ----------------------------------

/// Parts of `size` along an axis, the last one smaller where it must be. Throws Error for size < 1
/// and for more than 2^24 parts.
std::vector<Tensor> split(const Tensor& x, std::int64_t size, int axis = 0);
/// Parts of these sizes. Throws Error unless they sum to the size of the axis.
std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes, int axis = 0);
/// At most `chunks` parts of one size, the last one smaller where it must be. Throws Error for chunks < 1.
std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, int axis = 0);
/// The entries along an axis, one axis less each; none of an axis of size 0. Throws Error for more than 2^24.
std::vector<Tensor> unbind(const Tensor& x, int axis = 0);

}  // namespace xgrad
