#pragma once

#include <cstdint>

#include "xgrad/core/tensor.hpp"

// Activation functions: elementwise, floating (integers and bools are taken as float32). A nan stays nan; a
// cotangent of exactly 0 gives a gradient of exactly 0. At +-inf values and slopes are their limits.

namespace xgrad {

/// What some ops apply to their result in the same pass.
enum class Activation : std::uint8_t { none, relu, sigmoid, tanh };

// The sigmoid and what is made of it -----------------------------------------------------------------------

/// 1 / (1 + e^-x); d/dx = sigmoid(x) sigmoid(-x), exact in both tails.
Tensor sigmoid(const Tensor& x);
/// log(sigmoid(x)) = -log(1 + e^-x), without overflow.
Tensor logsigmoid(const Tensor& x);
/// log(1 + e^(beta x)) / beta, without overflow, exact in both tails; x itself where beta x > threshold.
/// PyTorch's default of 20 for it costs 2e-9 of the value there and all of the second derivative. Throws
/// Error for beta = 0.
Tensor softplus(const Tensor& x, double beta = 1.0, double threshold = __builtin_inf());
/// x sigmoid(x). Elfwing et al., 2017.
Tensor silu(const Tensor& x);
/// x tanh(log(1 + e^x)). Misra, 2019.
Tensor mish(const Tensor& x);

/// How gelu computes the normal distribution function.
enum class Approximate : std::uint8_t {
  none,  ///< it does
  tanh,  ///< (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 instead
};
/// x Phi(x), with Phi the normal distribution function, within 7 ulp. Hendrycks and Gimpel, 2016.
Tensor gelu(const Tensor& x);
Tensor gelu(const Tensor& x, Approximate approximate);

/// x - tanh(x), exact for small x; d/dx = tanh(x)^2.
Tensor tanhshrink(const Tensor& x);
/// x / (1 + |x|); d/dx = 1 / (1 + |x|)^2.
Tensor softsign(const Tensor& x);

// Rectifiers; a nan passes the cotangent -------------------------------------------------------------------

/// max(x, 0); d/dx is 1 above 0, else 0 (0 at 0).
Tensor relu(const Tensor& x);
/// x limited to [0, 6]; d/dx is 1 inside, 0 at the limits and outside.
Tensor relu6(const Tensor& x);
/// x above 0, else slope x; d/dx at 0 is slope. Maas et al., 2013.
Tensor leaky_relu(const Tensor& x, double slope = 0.01);
/// leaky_relu with a learned slope: x above 0, else weight x; weight has one element, or one for each entry
/// of axis 1. Throws Error for another number. At 0, d/dx is the weight. He et al., 2015.
Tensor prelu(const Tensor& x, const Tensor& weight);
/// x above 0, else alpha (e^x - 1); d/dx at 0 is alpha. Clevert et al., 2016.
Tensor elu(const Tensor& x, double alpha = 1.0);
/// s elu(x, a), s = 1.0507... and a = 1.6732...: activations keep mean 0 and variance 1; d/dx at 0 is s a.
/// Klambauer et al., 2017.
Tensor selu(const Tensor& x);
/// x above 0, else alpha (e^(x / alpha) - 1); d/dx at 0 is 1. Throws Error for alpha = 0. Barron, 2017.
Tensor celu(const Tensor& x, double alpha = 1.0);

/// x limited to [low, high]; d/dx is 1 inside, 0 at the limits and outside. Throws Error for low > high.
Tensor hardtanh(const Tensor& x, double low = -1.0, double high = 1.0);
/// relu6(x + 3) / 6; d/dx is 1/6 inside (-3, 3), as the nearest float32 (PyTorch has it so in both dtypes),
/// else 0.
Tensor hardsigmoid(const Tensor& x);
/// x relu6(x + 3) / 6; d/dx is 0 below -3, x / 3 + 1/2 from -3 to 3, 1 above. Howard et al., 2019.
Tensor hardswish(const Tensor& x);
/// x where |x| > lambda, else 0; d/dx at +-lambda is 0. Throws Error for lambda < 0.
Tensor hardshrink(const Tensor& x, double lambda = 0.5);
/// x - lambda above lambda, x + lambda below -lambda, else 0; d/dx at +-lambda is 0. Throws Error for lambda
/// < 0.
Tensor softshrink(const Tensor& x, double lambda = 0.5);

// Along an axis --------------------------------------------------------------------------------------------

/// e^(x_i - max) / sum_j e^(x_j - max) along axis. 0 with gradients of 0 where all are -inf: what is masked
/// contributes nothing.
Tensor softmax(const Tensor& x, int axis);
/// softmax(-x) along axis.
Tensor softmin(const Tensor& x, int axis);
/// log(softmax(x)) along axis, from x - max - log(sum e^(x - max)): exact where one element outweighs the
/// others. -inf where all are -inf; the gradient is g - softmax(x) sum(g) there too, which is g.
Tensor log_softmax(const Tensor& x, int axis);

}  // namespace xgrad
