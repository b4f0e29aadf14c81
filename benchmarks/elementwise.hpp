#pragma once

#include "support/work.hpp"

// sum(tanh(x w + b) sigmoid(x)) of a million elements, with the gradients of x, w and b.

namespace bench::elementwise {

inline constexpr std::int64_t count = 1 << 20;

struct Inputs {
  std::vector<float> x = uniform(count, -2, 2, 1), w = uniform(count, -1, 1, 2), b = uniform(count, -1, 1, 3);
};

inline const Inputs& inputs() {
  static const Inputs in;
  return in;
}

}  // namespace bench::elementwise
