#pragma once

#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

// Weights and biases may be undefined: then they are 1 and 0.

/// y * weight + bias, broadcast.
Tensor affine(const Tensor& y, const Tensor& weight, const Tensor& bias);

/// [channels] as [channels, 1, ...], to meet x[batch, channels, ...].
Tensor per_channel(const Tensor& p, const Tensor& x);

/// affine with a weight and a bias for each channel of y[batch, channels, ...]. The gradient of the weight is
/// summed up without the products ever being there together.
Tensor affine_of_channels(const Tensor& y, const Tensor& weight, const Tensor& bias);

}  // namespace xgrad::detail
