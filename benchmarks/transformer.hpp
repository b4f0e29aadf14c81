#pragma once

#include "support/work.hpp"

// A transformer encoder block, width 128, 4 heads, feed-forward width 512, 8 sequences of 64, normalised
// after each sum, as in Vaswani et al., 2017; the mean squared distance to a target; one step of SGD.

namespace bench::transformer {

inline constexpr int batch = 8, length = 64, width = 128, heads = 4, inner = 512;
inline constexpr int head = width / heads, rows = batch * length;
inline constexpr double lr = 0.1, eps = 1e-5;

struct Inputs {
  std::vector<float> x = uniform(rows * width, -1, 1, 1), target = uniform(rows * width, -1, 1, 2);
  Layer qkv{width, 3 * width, 10}, out{width, width, 20}, up{width, inner, 30}, down{inner, width, 40};
  std::vector<float> scale1 = uniform(width, 0.5, 1.5, 50), shift1 = uniform(width, -0.1, 0.1, 51),
                     scale2 = uniform(width, 0.5, 1.5, 52), shift2 = uniform(width, -0.1, 0.1, 53);
};

}  // namespace bench::transformer
