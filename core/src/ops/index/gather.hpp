#pragma once

#include "xgrad/core/tensor.hpp"

// The transposes of gathers, for rules; ops with rules of their own.

namespace xgrad::detail {

/// Zeros of this shape with g added at index along axis: the transpose of gather.
Tensor gather_vjp(const Tensor& g, const Shape& shape, int axis, const Tensor& index);

/// Zeros of this shape with the rows of g added at an index along axis: the transpose of index_select.
Tensor index_select_vjp(const Tensor& g, const Shape& shape, int axis, const Tensor& index);

/// Throws Error, with the place and the value, unless 0 <= index < size.
void check_range(const char* op, const Tensor& index, std::int64_t size);

}  // namespace xgrad::detail
