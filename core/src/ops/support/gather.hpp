#pragma once

#include "kernels/loops/gather.hpp"
#include "tensor/node.hpp"

// Elements and rows of tensors by index. Indices were checked before.

namespace xgrad::detail {

/// The index's places, for kernels.
inline IndexAlong along(int axis, const Tensor& index) {
  return {ptr<const std::int64_t>(index), index.shape(), axis};
}

/// y[..., i, ...] = x[..., index[..., i, ...], ...] along axis, over the index's shape, which is y's.
inline void gather_elements(const Tensor& y, const Tensor& x, int axis, const Tensor& index) {
  gather_elements(x.dtype(), ptr<void>(y), ptr<void>(x), x.shape(), along(axis, index));
}

/// y[..., index[..., i, ...], ...] = (or +=) x[..., i, ...] along axis, over the index's shape, which is x's.
/// In the order of x, so that the last of several to one place stays.
inline void scatter_elements(const Tensor& y, const Tensor& x, int axis, const Tensor& index, bool add) {
  scatter_elements(x.dtype(), ptr<void>(y), y.shape(), ptr<void>(x), along(axis, index), add);
}

/// Row i of y along axis is row index[i] of x.
inline void gather_rows(const Tensor& y, const Tensor& x, int axis, const Tensor& index) {
  gather_rows(x.dtype(), ptr<void>(y), ptr<void>(x), block_at(x.shape(), axis),
              ptr<const std::int64_t>(index), index.numel());
}

/// Row index[i] of y along axis += row i of x.
inline void add_rows(const Tensor& y, const Tensor& x, int axis, const Tensor& index) {
  add_rows(x.dtype(), ptr<void>(y), block_at(y.shape(), axis), ptr<void>(x), ptr<const std::int64_t>(index),
           index.numel());
}

}  // namespace xgrad::detail
