#pragma once

#include "kernels/blas/blas.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// The x with op(a) x = b, or x op(a) = b, recorded, for operands that were checked. A zero on the diagonal
/// is an Error of the op `name`.
Tensor solve_triangle_as(const char* name, const Tensor& a, const Tensor& b, Triangle s);

}  // namespace xgrad::detail
