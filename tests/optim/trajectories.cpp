// The optimizers against PyTorch's over 1,001 iterations: see tests/data/README.md.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "xgrad/core.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

using Numbers = std::vector<double>;

const nlohmann::json& reference() {
  static const auto all = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/optim_f64.json"));
  return all;
}

/// Linear(2, 3), sigmoid, Linear(3, 1), sigmoid; the loss is the sum of the outputs.
struct Net {
  Tensor w0 = initial("0.weight", {3, 2}), b0 = initial("0.bias", {3});
  Tensor w1 = initial("2.weight", {1, 3}), b1 = initial("2.bias", {1});

  static Tensor initial(const char* name, const Shape& shape) {
    return tensor(reference()["init"][name].get<Numbers>(), shape, {.requires_grad = true});
  }

  std::vector<Tensor> parameters() const { return {w0, b0, w1, b1}; }

  Tensor loss() const {
    const Tensor x = tensor({{0.1, 0.2}, {0.3, 0.4}, {0.5, 0.6}}, {.dtype = float64});
    return sigmoid(linear(sigmoid(linear(x, w0, b0)), w1, b1)).sum();
  }

  Numbers values() const {
    Numbers all;
    for (const Tensor& p : parameters())
      for (const double v : p.to_vector<double>()) all.push_back(v);
    return all;
  }
};

/// The largest relative deviation from the reference in the sampled iterations.
double worst_deviation(const Net& net, optim::Optimizer& optimizer, const char* name) {
  double worst = 0;
  auto row = reference()["cases"][name].begin();
  for (int i = 0; i <= 1000; ++i) {
    optimizer.zero_grad();
    net.loss().backward();
    optimizer.step();
    const auto expected = row->get<Numbers>();
    if (expected[0] != i) continue;
    const Numbers found = net.values();
    REQUIRE(found.size() == expected.size() - 1);
    for (std::size_t k = 0; k < found.size(); ++k)
      worst = std::max(worst, std::abs(found[k] - expected[k + 1]) / std::abs(expected[k + 1]));
    ++row;
    if (row == reference()["cases"][name].end()) return worst;
  }
  FAIL("the last sampled iteration was not reached");
  return worst;
}

}  // namespace

TEST_CASE("GD and plain SGD follow PyTorch's SGD") {
  const Net net, other;
  optim::SGD sgd(net.parameters(), {.lr = 0.1});
  optim::GD gd(other.parameters(), {.lr = 0.1});

  CHECK(worst_deviation(net, sgd, "SGD(0.1)") < 1e-11);
  CHECK(worst_deviation(other, gd, "SGD(0.1)") < 1e-11);
}

TEST_CASE("SGD with Nesterov's momentum and weight decay follows PyTorch's") {
  const Net net;
  optim::SGD sgd(net.parameters(), {.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-6, .nesterov = true});

  CHECK(worst_deviation(net, sgd, "SGD(0.1,m=.9,wd=1e-6,nesterov)") < 1e-11);
}

TEST_CASE("Adam follows PyTorch's") {
  const Net net;
  optim::Adam adam(net.parameters(), {.lr = 1});

  CHECK(worst_deviation(net, adam, "Adam(1.0)") < 1e-11);
}

TEST_CASE("RMSprop follows PyTorch's") {
  const Net net;
  optim::RMSprop rmsprop(net.parameters(), {.lr = 0.1});

  CHECK(worst_deviation(net, rmsprop, "RMSprop(.1)") < 1e-11);
}
