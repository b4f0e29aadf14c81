#pragma once

#include "xgrad/core/tensor.hpp"

// Ops that rules call and users do not: fused gradients, each an op with rules of its own. All give exactly 0
// where the cotangent is 0, even if the local derivative is inf or nan. Where the derivative is constant
// between kinks, the rule for its place gives zeros.

namespace xgrad::detail {

/// g / d; 0 where g is 0. The quotient by which a cotangent meets a derivative of the form 1 / d.
Tensor div0(const Tensor& g, const Tensor& d);

/// e^(-c x^2), in whose derivatives those of erf and gelu end.
Tensor gaussian(const Tensor& x, double c);

/// g / cosh(x)^2.
Tensor tanh_vjp(const Tensor& g, const Tensor& x);
/// g s(x) s(-x), s the sigmoid.
Tensor sigmoid_vjp(const Tensor& g, const Tensor& x);
/// log(1 + e^(beta x)) / beta, and x itself where beta x > threshold.
struct Softened {
  double beta, threshold;
  void fields(auto&& field) const { field("beta", beta), field("threshold", threshold); }
};
/// g times its derivative: g s(beta x), s the sigmoid.
Tensor sigmoid_times(const Tensor& g, const Tensor& x, Softened by);
/// g times the derivative of silu, of mish, of gelu and of its approximation.
Tensor silu_vjp(const Tensor& g, const Tensor& x);
Tensor mish_vjp(const Tensor& g, const Tensor& x);
Tensor gelu_vjp(const Tensor& g, const Tensor& x);
Tensor gelu_tanh_vjp(const Tensor& g, const Tensor& x);

/// The gradients of softmax and log_softmax from their values y.
Tensor softmax_vjp(const Tensor& g, const Tensor& y, int axis);
Tensor log_softmax_vjp(const Tensor& g, const Tensor& y, int axis);

// Of losses; g has the shape of the loss without reduction or is one number, and scale is 1 or, for a mean,
// what the sum is multiplied by.

/// 2 scale g (a - b).
Tensor mse_loss_vjp(const Tensor& g, const Tensor& a, const Tensor& b, double scale);
/// scale g sign(a - b).
Tensor l1_loss_vjp(const Tensor& g, const Tensor& a, const Tensor& b, double scale);
/// scale g (p - t) / max(p (1 - p), 1e-12).
Tensor binary_cross_entropy_vjp(const Tensor& g, const Tensor& p, const Tensor& t, double scale);
/// scale g (s(x) - t) as scale g ((1 - t) s(x) - t s(-x)), s the sigmoid.
Tensor binary_cross_entropy_with_logits_vjp(const Tensor& g, const Tensor& x, const Tensor& t, double scale);

}  // namespace xgrad::detail
