#pragma once

// A small model, and what tests of its optimizers share.

#include <string>
#include <vector>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/optim.hpp"

namespace xgrad::test {

using Names = std::vector<std::string>;

struct Net : nn::Module {
  nn::Linear hidden{3, 4, {.generator = Generator(1)}};
  nn::Linear out{4, 2, {.generator = Generator(2)}};

  Tensor forward(const Tensor& x) const override { return out(tanh(hidden(x))); }
  void visit(nn::Visitor& v) override { v("hidden", hidden), v("out", out); }
};

inline void learn(const Net& net, optim::Optimizer& optimizer, int steps, std::uint64_t seed) {
  Generator data(seed);
  const DType dtype = net.out.bias.dtype();
  for (int i = 0; i < steps; ++i) {
    optimizer.zero_grad();
    nn::cross_entropy(net(randn({8, 3}, dtype, data)), randint(0, 2, {8}, {}, data)).backward();
    optimizer.step();
  }
}

inline Names names_of(const StateDict& state) {
  Names names;
  for (const auto& [name, value] : state) names.push_back(name);
  return names;
}

template <class F>
std::string said(F f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing";
}

}  // namespace xgrad::test
