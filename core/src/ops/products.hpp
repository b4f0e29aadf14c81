#pragma once

#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// gemm, whose errors begin with this name.
Tensor gemm_as(const char* name, const Tensor& a, const Tensor& b, bool transpose_a = false,
               bool transpose_b = false);

}  // namespace xgrad::detail
