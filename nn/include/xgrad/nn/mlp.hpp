#pragma once

#include "xgrad/nn/activation.hpp"
#include "xgrad/nn/linear.hpp"
#include "xgrad/nn/sequential.hpp"

namespace xgrad::nn {

struct MlpOptions {
  AnyModule activation = ReLU{};  ///< a module or a function; follows every layer but the last
  double dropout = 0.0;           ///< follows each activation unless 0
  bool bias = true;
  DType dtype = float32;
  Generator generator = default_generator();  ///< draws the first weights and the dropped elements
};

/// Linear layers of these sizes with an activation between them: `mlp({64, 128, 10}, {.activation =
/// nn::Tanh{}})` is Linear(64, 128), Tanh, Linear(128, 10). Throws Error for fewer than two sizes.
Sequential mlp(const std::vector<std::int64_t>& sizes, MlpOptions options = {});

}  // namespace xgrad::nn
