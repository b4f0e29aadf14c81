#pragma once

#include "support/work.hpp"

// LeNet on 28x28 images, batch 64: two convolutions with ReLU and pooling, three linear layers,
// cross-entropy, one step of SGD.

namespace bench::lenet {

inline constexpr int batch = 64;
inline constexpr double lr = 0.01;

struct Inputs {
  std::vector<float> x = uniform(batch * 784, 0, 1, 1);
  std::vector<std::int64_t> labels = bench::labels(batch, 10, 2);
  Layer conv1{25, 6, 10}, conv2{150, 16, 20}, fc1{400, 120, 30}, fc2{120, 84, 40}, fc3{84, 10, 50};
};

}  // namespace bench::lenet
