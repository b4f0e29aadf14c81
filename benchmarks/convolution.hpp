#pragma once

#include <string>

#include "support/work.hpp"

// Convolutions: sum(y t) and its gradients of image and weight. LibTorch's are oneDNN's.

namespace bench::convolution {

struct Case {
  const char* name;
  int images, channels, size, outputs, kernel;  ///< size: of the square image
  int stride = 1, padding = 0, groups = 1, dilation = 1;

  std::string work() const { return std::string("conv_") + name; }
  int places() const { return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1; }
};

inline constexpr Case cases[] = {
    {"3x3_64_64_on_56", 8, 64, 56, 64, 3, 1, 1},
    {"3x3_256_256_on_14", 8, 256, 14, 256, 3, 1, 1},
    {"3x3_512_512_on_7", 8, 512, 7, 512, 3, 1, 1},
    {"3x3_16_16_on_32", 32, 16, 32, 16, 3, 1, 1},
    {"5x5_1_6_on_28", 64, 1, 28, 6, 5, 1, 2},
    {"5x5_6_16_on_14", 64, 6, 14, 16, 5},
    {"1x1_256_64_on_28", 8, 256, 28, 64, 1},
    {"depthwise_3x3_64_on_56", 8, 64, 56, 64, 3, 1, 1, 64},
    {"groups_4_3x3_64_64_on_28", 8, 64, 28, 64, 3, 1, 1, 4},
    {"3x3_stride_2_16_32_on_32", 32, 16, 32, 32, 3, 2, 1},
    {"3x3_stride_2_64_128_on_16", 32, 64, 16, 128, 3, 2, 1},
    {"4x4_stride_2_64_128_on_32", 8, 64, 32, 128, 4, 2, 1},
    {"7x7_stride_2_3_64_on_64", 8, 3, 64, 64, 7, 2, 3},
    {"11x11_stride_4_3_64_on_224", 2, 3, 224, 64, 11, 4, 2},
    {"3x3_dilation_2_32_32_on_28", 16, 32, 28, 32, 3, 1, 2, 1, 2},
};

struct Inputs {
  std::vector<float> x, w, t;
  explicit Inputs(const Case& c)
      : x(uniform(c.images * c.channels * c.size * c.size, -1, 1, 1)),
        w(uniform(c.outputs * (c.channels / c.groups) * c.kernel * c.kernel, -1, 1, 2)),
        t(uniform(c.images * c.outputs * c.places() * c.places(), -1, 1, 3)) {}
};

}  // namespace bench::convolution
