#pragma once

#include <cmath>

#include "support/work.hpp"

// A two-layer LSTM and a tanh RNN cell over 50 steps, batch 32, width 128: forward and backward of the mean
// square of the outputs.

namespace bench::recurrent {

inline constexpr int steps = 50, batch = 32, width = 128;
inline constexpr int outputs = steps * batch * width;
inline constexpr double bound = 0.08838834764831845;  // 1 / sqrt(width)

/// The weights of a layer of `gates` times `width` rows.
struct Layer {
  int rows;
  std::vector<float> wx, wh, b;
  Layer(int gates, unsigned seed)
      : rows(gates * width),
        wx(uniform(rows * width, -bound, bound, seed)),
        wh(uniform(rows * width, -bound, bound, seed + 1)),
        b(uniform(rows, -bound, bound, seed + 2)) {}
};

/// [steps, batch, width]
inline std::vector<float> inputs() { return uniform(outputs, -1, 1, 1); }

}  // namespace bench::recurrent
