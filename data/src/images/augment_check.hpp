#pragma once

#include "xgrad/core/tensor.hpp"

namespace xgrad::data {

/// Throws Error unless x is floating [channels, height, width].
void check_image_tensor(const char* op, const Tensor& x);
/// Throws Error unless 0 <= p <= 1.
void check_chance(const char* op, double p);
/// Rows top ... and columns left ... of an image.
Tensor part_of(const Tensor& image, std::int64_t top, std::int64_t left, std::int64_t height,
               std::int64_t width);

}  // namespace xgrad::data
