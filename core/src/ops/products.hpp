#pragma once

#include "xgrad/core/tape.hpp"

namespace xgrad::detail {

/// gemm, whose errors begin with this name.
Tensor gemm_as(const char* name, const Tensor& a, const Tensor& b, bool transpose_a = false,
               bool transpose_b = false);

/// op(a) op(b), the gradient of input i of a recorded call: added to what there is of it, in the product
/// itself and returning nothing, or returned.
Tensor gradient_product(Fn f, int i, const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b);

}  // namespace xgrad::detail
