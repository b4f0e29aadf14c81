#pragma once

#include "kernels/loops/block.hpp"
#include "xgrad/core/dtype.hpp"

// Elements and rows by index. Indices were checked before.

namespace xgrad::detail {

/// Places along an axis of a larger shape, one for each element of what is read or written there.
struct IndexAlong {
  const std::int64_t* at;
  const Shape& shape;  ///< of the index
  int axis;
};

/// y[..., i, ...] = x[..., index[..., i, ...], ...] along the axis, over the index's shape, which is y's; x
/// has the shape `whole`.
void gather_elements(DType dtype, void* y, const void* x, const Shape& whole, const IndexAlong& index);

/// y[..., index[..., i, ...], ...] = (or +=) x[..., i, ...] along the axis, over the index's shape, which is
/// x's; y has the shape `whole`. In the order of x, so that the last of several to one place stays.
void scatter_elements(DType dtype, void* y, const Shape& whole, const void* x, const IndexAlong& index,
                      bool add);

/// Row i of y is row at[i] of x, i < count; `rows` are x's.
void gather_rows(DType dtype, void* y, const void* x, const Block& rows, const std::int64_t* at,
                 std::int64_t count);

/// Row at[i] of y += row i of x, i < count; `rows` are y's.
void add_rows(DType dtype, void* y, const Block& rows, const void* x, const std::int64_t* at,
              std::int64_t count);

}  // namespace xgrad::detail
