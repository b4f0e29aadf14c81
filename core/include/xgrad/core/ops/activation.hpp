#pragma once

#include "xgrad/core/tensor.hpp"

// Activation functions: elementwise, floating (integers and bools are taken as float32).

namespace xgrad {

/// max(x, 0); d/dx is 1 above 0, else 0 (0 at 0); nan stays nan and passes the cotangent.
Tensor relu(const Tensor& x);
/// x above 0, else slope * x; d/dx at 0 is slope. Maas et al., 2013.
Tensor leaky_relu(const Tensor& x, double slope = 0.01);
/// x above 0, else alpha (e^x - 1). Clevert et al., 2016.
Tensor elu(const Tensor& x, double alpha = 1.0);
/// x Phi(x), with Phi the normal distribution function. Hendrycks and Gimpel, 2016.
Tensor gelu(const Tensor& x);
/// x sigmoid(x). Elfwing et al., 2017.
Tensor silu(const Tensor& x);
/// log(1 + e^(beta x)) / beta, computed without overflow; x itself where beta x > threshold.
Tensor softplus(const Tensor& x, double beta = 1.0, double threshold = 20.0);
/// 1 / (1 + e^-x); d/dx = sigmoid(x) sigmoid(-x), exact in both tails.
Tensor sigmoid(const Tensor& x);
/// log(sigmoid(x)) = -softplus(-x).
Tensor logsigmoid(const Tensor& x);

/// e^(x_i - max) / sum_j e^(x_j - max) along axis.
Tensor softmax(const Tensor& x, int axis);
/// log(softmax(x)) along axis, from x - max - log sum e^(x - max).
Tensor log_softmax(const Tensor& x, int axis);

}  // namespace xgrad
