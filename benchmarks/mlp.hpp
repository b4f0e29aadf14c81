#pragma once

#include <cmath>

#include "support/work.hpp"

// An MLP 784-512-256-10 with ReLU, softmax cross-entropy and Adam: one training step.

namespace bench::mlp {

inline constexpr int sizes[] = {784, 512, 256, 10};
inline constexpr int layers = 3;
inline constexpr double lr = 1e-3;

struct Inputs {
  int n;
  std::vector<float> x, weights[layers], biases[layers];
  std::vector<std::int64_t> labels;

  explicit Inputs(int batch)
      : n(batch), x(uniform(batch * 784, 0, 1, 1)), labels(bench::labels(batch, 10, 2)) {
    for (int l = 0; l < layers; ++l) {
      const double bound = 1 / std::sqrt(sizes[l]);
      weights[l] = uniform(sizes[l] * sizes[l + 1], -bound, bound, 3 + static_cast<unsigned>(l));
      biases[l] = uniform(sizes[l + 1], -bound, bound, 6 + static_cast<unsigned>(l));
    }
  }
};

}  // namespace bench::mlp
