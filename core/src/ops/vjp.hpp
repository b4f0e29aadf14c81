#pragma once

#include "xgrad/core/tensor.hpp"

// Ops that rules call and users do not: fused gradients, each an op with rules of its own. All give exactly 0
// where the cotangent is 0, even if the local derivative is inf or nan.

namespace xgrad::detail {

/// g / d; 0 where g is 0. The quotient by which a cotangent meets a derivative of the form 1 / d.
Tensor div0(const Tensor& g, const Tensor& d);

/// g / cosh(x)^2.
Tensor tanh_vjp(const Tensor& g, const Tensor& x);
/// g s(x) s(-x), s the sigmoid.
Tensor sigmoid_vjp(const Tensor& g, const Tensor& x);
/// g s(scale x).
Tensor sigmoid_times(const Tensor& g, const Tensor& x, double scale);

/// g times the derivative of silu, of gelu, of relu from its value y, of leaky_relu.
Tensor silu_vjp(const Tensor& g, const Tensor& x);
Tensor gelu_vjp(const Tensor& g, const Tensor& x);
Tensor relu_vjp(const Tensor& g, const Tensor& y);
Tensor leaky_relu_vjp(const Tensor& g, const Tensor& x, double slope);

/// The gradients of softmax and log_softmax from their values y.
Tensor softmax_vjp(const Tensor& g, const Tensor& y, int axis);
Tensor log_softmax_vjp(const Tensor& g, const Tensor& y, int axis);

}  // namespace xgrad::detail
