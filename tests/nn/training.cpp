#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

struct Mlp : nn::Module {
  nn::Linear hidden{2, 8};
  nn::Linear out{8, 1};

  Tensor forward(const Tensor& x) const override { return out(xgrad::tanh(hidden(x))); }
  void visit(nn::Visitor& v) override { v("hidden", hidden), v("out", out); }
};

const Tensor& xor_inputs() {
  static const Tensor x = tensor({{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}});
  return x;
}
const Tensor& xor_targets() {
  static const Tensor y = tensor({{0.0}, {1.0}, {1.0}, {0.0}});
  return y;
}

double train(Mlp& model, optim::Optimizer& optimizer, int steps) {
  double last = 0;
  for (int i = 0; i < steps; ++i) {
    const Tensor loss = nn::mse_loss(model(xor_inputs()), xor_targets());
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    last = loss.item();
  }
  return last;
}

}  // namespace

TEST_CASE("a perceptron with a hidden layer learns exclusive or") {
  manual_seed(7);
  Mlp model;
  optim::Adam adam(model.parameters(), {.lr = 0.05});

  CHECK(train(model, adam, 300) < 1e-3);

  const Tensor y = model(xor_inputs());
  for (int i = 0; i < 4; ++i) CHECK(std::round(y.at({i, 0})) == xor_targets().at({i, 0}));
}

TEST_CASE("the same seed trains to the same bits") {
  const auto trained = [] {
    manual_seed(3);
    Mlp model;
    optim::SGD sgd(model.parameters(), {.lr = 0.1, .momentum = 0.9});
    train(model, sgd, 50);
    return model.hidden.weight.to_vector<float>();
  };

  CHECK(trained() == trained());
}

#ifndef __SANITIZE_ADDRESS__  // under which every block comes from the system
TEST_CASE("a steady training loop asks the system for no memory") {
  Mlp model;
  optim::Adam adam(model.parameters());
  train(model, adam, 5);
  const auto before = memory_stats().system_calls;

  train(model, adam, 100);

  CHECK(memory_stats().system_calls == before);
}
#endif

TEST_CASE("training leaves no recorded node behind") {
  Mlp model;
  optim::Adam adam(model.parameters());
  const auto before = memory_stats().live_nodes;

  train(model, adam, 10);

  CHECK(memory_stats().live_nodes == before);
}
