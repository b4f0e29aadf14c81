#pragma once

#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// Each row of a matrix with mean 0 and variance 1. Errors begin with this name.
Tensor standardize(const char* name, const Tensor& x, double eps);
/// The cotangent of rows that standardize made from x.
Tensor standardize_vjp(const Tensor& g, const Tensor& x, double eps);

/// Each standardised row of a matrix x[rows, n], times weight[n], plus bias[n], which may be undefined.
Tensor layer_norm_rows(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps);

}  // namespace xgrad::detail
