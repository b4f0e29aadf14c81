#pragma once

// A small task for tests of training.

#include <string>
#include <utility>
#include <vector>

#include "xgrad/core.hpp"
#include "xgrad/data.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/optim.hpp"
#include "xgrad/train.hpp"

namespace xgrad::test {

inline constexpr auto silent = train::Show::nothing;

/// Points of three classes, which a line tells apart.
inline data::TensorDataset three_classes(std::int64_t n, std::uint64_t seed) {
  Generator generator(seed);
  const Tensor x = randn({n, 4}, {}, generator);
  return {x, argmax(x.slice(1, 0, 3), 1)};
}

inline nn::Sequential small_net(std::uint64_t seed) {
  Generator generator(seed);
  return nn::Sequential{nn::Linear(4, 8, {.generator = generator}), nn::Tanh(),
                        nn::Linear(8, 3, {.generator = generator})};
}

/// The values of all parameters, one after another.
inline std::vector<double> values_of(const nn::ModuleBase& model) {
  std::vector<double> all;
  for (const Tensor& p : model.parameters())
    for (const double v : p.to_vector<double>()) all.push_back(v);
  return all;
}

}  // namespace xgrad::test
