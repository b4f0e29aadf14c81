#pragma once

#include "kernels/loops/dispatch.hpp"
#include "tensor/node.hpp"

// Elements and rows by index. Indices were checked before.

namespace xgrad::detail {

/// y[..., i, ...] = x[..., index[..., i, ...], ...] along axis, over the index's shape, which is y's.
void gather_elements(const Tensor& y, const Tensor& x, int axis, const Tensor& index);

/// y[..., index[..., i, ...], ...] = (or +=) x[..., i, ...] along axis, over the index's shape, which is x's.
/// In the order of x, so that the last of several to one place stays.
void scatter_elements(const Tensor& y, const Tensor& x, int axis, const Tensor& index, bool add);

/// Row i of y along axis is row index[i] of x.
void gather_rows(const Tensor& y, const Tensor& x, int axis, const Tensor& index);

/// Row index[i] of y along axis += row i of x.
void add_rows(const Tensor& y, const Tensor& x, int axis, const Tensor& index);

}  // namespace xgrad::detail
