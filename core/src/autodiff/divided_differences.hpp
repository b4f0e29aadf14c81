#pragma once

#include "xgrad/core/function.hpp"

namespace xgrad::detail {

/// f of each element of w, without history. Throws Error when it has another shape.
Tensor values_of(const TensorFunction& f, const Tensor& w);

/// f[w_i, w_j] = (f(w_i) - f(w_j)) / (w_i - w_j) in its limits, [..., n, n], for ascending w[..., n] of
/// float64.
Tensor first_differences(const TensorFunction& f, const Tensor& w);

/// f[w_i, w_j, w_k] = (f[w_j, w_k] - f[w_i, w_j]) / (w_k - w_i) in its limits, [..., n, n, n]; symmetric.
Tensor second_differences(const TensorFunction& f, const Tensor& w, const Tensor& first);

/// The same of four eigenvalues, by those of three: [..., n, n, n, n].
Tensor third_differences(const TensorFunction& f, const Tensor& w, const Tensor& second);

}  // namespace xgrad::detail
