#pragma once

#include <optional>

#include "xgrad/core/ops/pooling.hpp"
#include "xgrad/nn/module.hpp"

// Pooling, and what else changes the size of images without weights. Each call throws Error for an x of other
// axes than are named.

namespace xgrad::nn {

struct MaxPoolOptions {
  Pair stride = 0;  ///< 0: the kernel's size
  Pair padding = 0;
  Pair dilation = 1;
};

/// max_pool2d of x[batch, channels, height, width].
struct MaxPool2d : Module {
  explicit MaxPool2d(Pair kernel_size, MaxPoolOptions o = {}) : kernel(kernel_size), options(o) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  Pair kernel;
  MaxPoolOptions options;
};

/// The same along one axis: x[batch, channels, length]; options are those of the width.
struct MaxPool1d : Module {
  explicit MaxPool1d(int kernel_size, MaxPoolOptions o = {}) : kernel(kernel_size), options(o) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  int kernel;
  MaxPoolOptions options;
};

struct AvgPoolOptions {
  Pair stride = 0;  ///< 0: the kernel's size
  Pair padding = 0;
  bool count_include_pad = true;  ///< padding counts in the mean
};

/// avg_pool2d of x[batch, channels, height, width].
struct AvgPool2d : Module {
  explicit AvgPool2d(Pair kernel_size, AvgPoolOptions o = {}) : kernel(kernel_size), options(o) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  Pair kernel;
  AvgPoolOptions options;
};

/// The same along one axis: x[batch, channels, length]; options are those of the width.
struct AvgPool1d : Module {
  explicit AvgPool1d(int kernel_size, AvgPoolOptions o = {}) : kernel(kernel_size), options(o) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  int kernel;
  AvgPoolOptions options;
};

/// Means of windows that divide an axis of n into m parts, which overlap where they must: part i is from
/// floor(i n / m) to ceil((i + 1) n / m).
struct AdaptiveAvgPool2d : Module {
  explicit AdaptiveAvgPool2d(Pair output_size) : output(output_size) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  Pair output;
};

/// The same along one axis: x[batch, channels, length].
struct AdaptiveAvgPool1d : Module {
  explicit AdaptiveAvgPool1d(int output_size) : output(output_size) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  int output;
};

/// The largest value in each of the windows of AdaptiveAvgPool2d; the first of equal ones takes the
/// cotangent.
struct AdaptiveMaxPool2d : Module {
  explicit AdaptiveMaxPool2d(Pair output_size) : output(output_size) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  Pair output;
};

/// `size` wins over `scale_factor`, of which floor(size * factor) is made.
struct UpsampleOptions {
  std::optional<Pair> size = {};
  double scale_factor = 2;
  Interpolation mode = Interpolation::nearest;
  bool align_corners = false;  ///< bilinear: corner pixels keep their values
};

/// interpolate of x[batch, channels, height, width].
struct Upsample : Module {
  explicit Upsample(UpsampleOptions o = {});
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  UpsampleOptions options;
};

/// [batch, channels r^2, height, width] to [batch, channels, height r, width r]: channel c r^2 + i r + j is
/// pixel (i, j) of each r by r block. Shi et al., 2016. Throws Error for channels that r^2 does not divide.
struct PixelShuffle : Module {
  explicit PixelShuffle(int upscale_factor);
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  int factor;
};

/// The numbers of rows and columns that are put around an image; negative ones cut off.
struct Border {
  constexpr Border(int all) : left(all), right(all), top(all), bottom(all) {}  // NOLINT
  constexpr Border(int l, int r, int t, int b) : left(l), right(r), top(t), bottom(b) {}
  int left, right, top, bottom;
};

/// Zeros around x[batch, channels, height, width].
struct ZeroPad2d : Module {
  explicit ZeroPad2d(Border by) : border(by) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  Border border;
};

/// The image mirrored at its edges, without the edge itself, around x[batch, channels, height, width].
struct ReflectionPad2d : Module {
  explicit ReflectionPad2d(Border by) : border(by) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  Border border;
};

}  // namespace xgrad::nn
