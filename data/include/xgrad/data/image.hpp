#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad::data {

/// An image in bytes, row by row from the top, the channels of a pixel together: what files hold. A tensor of
/// an image is float32 [channels, height, width] in [0, 1].
struct Image {
  std::int64_t height = 0, width = 0;
  std::int64_t channels = 0;  ///< 1: grey; 3: red, green, blue
  std::vector<std::uint8_t> bytes = {};

  bool operator==(const Image&) const = default;
};

/// The bytes / 255, float32 [channels, height, width].
Tensor to_tensor(const Image& image);
/// The nearest bytes of 255 x, what lies outside [0, 1] put to its ends; x is floating [height, width],
/// [1, height, width] or [3, height, width]. Throws Error for anything else, and for nan.
Image to_image(const Tensor& x);

/// With this number of channels: grey as (299 red + 587 green + 114 blue) / 1000, or grey three times.
Image with_channels(const Image& image, std::int64_t channels);
/// In another size: bilinear, pixels being squares whose centres lie between those of others, as PyTorch's
/// interpolate without align_corners.
Image resize(const Image& image, std::int64_t height, std::int64_t width);

struct GridOptions {
  std::int64_t columns = 8;
  std::int64_t padding = 2;  ///< pixels around each image
  double background = 0;
};

/// Images [n, channels, height, width] or [n, height, width] side by side, row by row, as one.
Image image_grid(const Tensor& images, GridOptions options = {});

}  // namespace xgrad::data
