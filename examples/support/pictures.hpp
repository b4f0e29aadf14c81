#pragma once

#include <cstdint>
#include <string>

#include "xgrad/core/tensor.hpp"

namespace example {

struct PictureOptions {
  std::int64_t columns = 10;
  std::int64_t zoom = 4;  ///< pixels of the picture for each of an image
};

/// Writes images [n, height, width] of numbers in [0, 1], or [n, 3, height, width], side by side to a PNG
/// file and says where they are; or why not, in a build without xgrad::images.
void write_images(const std::string& path, const xgrad::Tensor& images, PictureOptions options = {});

}  // namespace example
