#pragma once

#include <string>

#include "xgrad/core/ops/convolution.hpp"

namespace xgrad {

struct PoolOptions {
  Pair stride = 0;  ///< 0: the kernel's size
  Pair padding = 0;
  Pair dilation = 1;              ///< of max_pool2d only
  bool count_include_pad = true;  ///< of avg_pool2d only: padding counts in the mean
};

/// The largest value in each window of x[batch, channels, H, W]; padding never wins, and a window
/// without a pixel is -inf. The first of equal values takes the cotangent; a nan wins. Sizes are those of
/// conv2d.
Tensor max_pool2d(const Tensor& x, Pair kernel, const PoolOptions& options = {});
/// The mean of each window of x[batch, channels, H, W].
Tensor avg_pool2d(const Tensor& x, Pair kernel, const PoolOptions& options = {});
/// Means of windows that divide H and W into output.height by output.width parts, which overlap where they
/// must: part i is from floor(i H / n) to ceil((i + 1) H / n).
Tensor adaptive_avg_pool2d(const Tensor& x, Pair output);

enum class Interpolation : std::uint8_t { nearest, bilinear };

struct InterpolateOptions {
  Interpolation mode = Interpolation::nearest;
  bool align_corners = false;  ///< bilinear: corner pixels keep their values; otherwise pixels are areas
};

/// x[batch, channels, H, W] resampled to another size: nearest takes the pixel at floor(i H / H'), bilinear
/// weighs the four around a point.
Tensor interpolate(const Tensor& x, Pair size, const InterpolateOptions& options = {});

}  // namespace xgrad
