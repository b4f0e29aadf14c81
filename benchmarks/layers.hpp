#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/work.hpp"

// Training steps of models made of the kit's layers, forward and backward, and a step of Adam over many
// tensors. Both sides take their parameters in the order of their names, which are the same.

namespace bench::layers {

inline constexpr int steps = 50, batch = 32, hidden = 128, recurrent_layers = 2;
inline constexpr int encoder_steps = 64, encoder_batch = 8, width = 128, heads = 4, feedforward = 512;
inline constexpr int blocks_batch = 32, images_batch = 64;
inline constexpr int widths[] = {64, 128, 256, 512};  ///< of ResNet-18's blocks, the first on 32 x 32 pixels
inline constexpr int adam_tensors = 200, adam_elements = 10'000;

/// The values of the k-th parameter, of n elements.
inline std::vector<float> parameter(std::size_t k, std::int64_t n) {
  return uniform(n, -0.08, 0.08, static_cast<unsigned>(100 + k));
}
/// An input of n elements.
inline std::vector<float> input(std::int64_t n) { return uniform(n, -1, 1, 7); }

}  // namespace bench::layers
