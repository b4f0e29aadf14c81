#pragma once

#include "xgrad/core/tensor.hpp"

namespace xgrad {

/// The matrix product, as NumPy's @: vector with vector gives a number, matrix with vector a vector, and more
/// than two axes are a batch that broadcasts. Throws Error when inner sizes differ and for 0-dimensional
/// operands.
Tensor matmul(const Tensor& a, const Tensor& b);
/// op(a) op(b) over the last two axes, where op transposes on request; batches broadcast. No copy is made.
Tensor gemm(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b);
/// x weight^T + bias: x[..., in], weight[out, in], bias[out] (may be undefined) to [..., out].
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

}  // namespace xgrad
