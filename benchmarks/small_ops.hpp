#pragma once

#include "support/work.hpp"

// Small work, where what counts is the cost of a node: a chain of ops on 4x4 tensors, with the gradients of
// all three operands, and a training step of a 2-4-1 MLP on XOR.

namespace bench::chain {

inline constexpr int length = 999;  ///< mul, add and tanh in turn
inline constexpr float x = 0.5f, w = 0.9f, b = 0.1f;

}  // namespace bench::chain

namespace bench::xor_step {

inline constexpr double lr = 0.5;

struct Inputs {
  std::vector<float> x{0, 0, 0, 1, 1, 0, 1, 1}, t{0, 1, 1, 0};
  std::vector<float> w1 = uniform(8, -0.7, 0.7, 1), b1 = uniform(4, -0.7, 0.7, 2),
                     w2 = uniform(4, -0.5, 0.5, 3), b2 = uniform(1, -0.5, 0.5, 4);
};

}  // namespace bench::xor_step
