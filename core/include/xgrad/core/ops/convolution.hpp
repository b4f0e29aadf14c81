#pragma once

#include <array>
#include <cstdint>

#include "xgrad/core/tensor.hpp"

// Convolutions are cross-correlations, as everywhere in the field. Images are [batch, channels, height,
// width].

namespace xgrad {

/// One number for both axes, or one for height and one for width.
struct Pair {
  constexpr Pair(int both) : height(both), width(both) {}  // NOLINT
  constexpr Pair(int h, int w) : height(h), width(w) {}
  int height, width;
};

struct ConvOptions {
  Pair stride = 1;
  Pair padding = 0;   ///< zeros on each side
  Pair dilation = 1;  ///< distance between the elements of a kernel
  int groups = 1;     ///< channels are cut into so many parts, each with kernels of its own
};

struct ConvTransposeOptions {
  Pair stride = 1;
  Pair padding = 0;         ///< taken away from each side of the result
  Pair output_padding = 0;  ///< added to one side of the result; less than stride or dilation
  int groups = 1;
  Pair dilation = 1;
};

/// y[n, o] = bias[o] + sum_c x[n, c] * weight[o, c]: x[batch, in, H, W], weight[out, in / groups, kh, kw],
/// bias[out] (may be undefined) to [batch, out, H', W'] with H' = (H + 2 padding - dilation (kh - 1) - 1) /
/// stride + 1, rounded down.
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const ConvOptions& options = {});
/// The same along one axis: x[batch, in, L], weight[out, in / groups, k]; options are those of the width.
Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const ConvOptions& options = {});
/// The transposed map of conv2d, as its gradient with respect to x: x[batch, in, H, W], weight[in, out /
/// groups, kh, kw] to [batch, out, H', W'] with H' = (H - 1) stride - 2 padding + dilation (kh - 1) +
/// output_padding + 1.
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTransposeOptions& options = {});

}  // namespace xgrad
