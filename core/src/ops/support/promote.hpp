#pragma once

#include <utility>

#include "tensor/errors.hpp"
#include "tensor/node.hpp"

namespace xgrad::detail {

/// True when two operands cannot be computed with as they are.
inline bool differ(const Tensor& a, const Tensor& b, const char* op = __builtin_FUNCTION()) {
  return a.dtype(op) != b.dtype(op) || a.dtype() == boolean;
}

/// Both operands in the dtype that they have in common.
inline std::pair<Tensor, Tensor> promote(const char* op, const Tensor& a, const Tensor& b) {
  const DType t = common_dtype(op, a, b);
  return {a.to(t), b.to(t)};
}

/// x where it is floating, else x as float32.
inline Tensor as_floating(const Tensor& x, const char* op = __builtin_FUNCTION()) {
  return is_floating(x.dtype(op)) ? x : x.to(float32);
}

/// The dtype that x takes when it meets a C++ number: its own, unless an integer meets a fraction.
inline DType dtype_with(const Tensor& x, Scalar s, const char* op = __builtin_FUNCTION()) {
  if (is_floating(x.dtype(op))) return x.dtype();
  return s.kind() == float64 ? float32 : int64;
}

/// y without the axes of size 1 that it has in front of `rank` axes, as values are assigned: [1, 3] to [3].
Tensor without_axes_in_front(const char* op, const Tensor& y, int rank);

/// A 0-dimensional constant. `op` is named where an integer dtype does not hold the value.
Tensor constant(Scalar value, DType dtype, const char* op = __builtin_FUNCTION());
Tensor zeros_of(const Shape& shape, DType dtype);
Tensor ones_of(const Shape& shape, DType dtype);

}  // namespace xgrad::detail
