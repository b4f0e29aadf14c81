#include <doctest/doctest.h>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;

namespace {

using Names = std::vector<std::string>;

Names names(const nn::Module& model) {
  Names found;
  for (const auto& [name, tensor] : model.named_parameters()) found.push_back(name);
  return found;
}

std::vector<float> values(const Tensor& t) { return t.to_vector<float>(); }

/// x * factor, to tell layers apart.
struct Times : nn::Module {
  explicit Times(double f) : factor(f) {}
  Tensor forward(const Tensor& x) const override { return x * factor; }
  double factor;
};

}  // namespace

TEST_CASE("a sequence without layers is the identity") {
  const nn::Sequential net;

  CHECK(net.empty());
  CHECK(values(net(tensor({1.0, 2.0}))) == std::vector<float>{1, 2});
}

TEST_CASE("a sequence calls its layers in order") {
  const nn::Sequential net{Times(2), [](const Tensor& x) { return x + 1; }, Times(10)};

  CHECK(values(net(tensor({1.0, 2.0}))) == std::vector<float>{30, 50});
}

TEST_CASE("a sequence takes one layer, functions and lambdas") {
  const nn::Sequential one{nn::Linear{2, 1}};
  const nn::Sequential functions{relu, [](const auto& x) { return -x; }};

  CHECK(names(one) == Names{"0.weight", "0.bias"});
  CHECK(values(functions(tensor({-1.0, 2.0}))) == std::vector<float>{0, -2});
}

TEST_CASE("members of a sequence are called by their index") {
  const nn::Sequential net{nn::Linear{2, 4}, [](const Tensor& x) { return xgrad::tanh(x); },
                           nn::Linear{4, 1}};

  CHECK(names(net) == Names{"0.weight", "0.bias", "2.weight", "2.bias"});
}

TEST_CASE("sequences nest") {
  const nn::Sequential inner{nn::Linear{2, 2}, nn::ReLU{}};
  nn::Sequential net{inner, nn::Linear{2, 1, {.bias = false}}};
  net.push_back(nn::Sequential{nn::Linear{1, 1, {.bias = false}}});

  CHECK(names(net) == Names{"0.0.weight", "0.0.bias", "1.weight", "2.0.weight"});
  CHECK(net(ones({3, 2})).shape() == Shape{3, 1});
}

TEST_CASE("a layer that is pushed back shares its tensors with the one outside") {
  const nn::Linear layer{2, 2};
  nn::Sequential net;

  net.push_back(layer);
  net.push_back(layer);

  CHECK(net.parameters().size() == 2);
  CHECK(net.parameters()[0].node() == layer.weight.node());
}

TEST_CASE("copying a sequence copies its layers, which share their tensors") {
  nn::Sequential net{nn::Dropout{0.5}, nn::Linear{1, 1}};

  nn::Sequential copy = net;
  copy.eval();

  CHECK(net[0].is_training());
  CHECK_FALSE(copy[0].is_training());
  CHECK(copy.parameters()[0].node() == net.parameters()[0].node());
}

TEST_CASE("a layer is reached by index and by type") {
  nn::Sequential net{nn::Linear{2, 4, {.bias = false}}, nn::ReLU{}};

  CHECK(values(net[1](tensor({-1.0}))) == std::vector<float>{0});
  CHECK(net.at<nn::Linear>(0).weight.shape() == Shape{4, 2});
  net.at<nn::Linear>(0).weight = zeros({1, 2}, {.requires_grad = true});
  CHECK(net(ones({1, 2})).requires_grad());
  CHECK(net.parameters()[0].shape() == Shape{1, 2});
}

TEST_CASE("an index without a layer is an error") {
  const nn::Sequential net{nn::ReLU{}};

  CHECK_THROWS_WITH_AS((void)net[1], "Sequential: there is no layer 1: it has 1 layer; count from 0", Error);
}

TEST_CASE("asking for a layer by another type is an error") {
  nn::Sequential net{nn::ReLU{}};

  CHECK_THROWS_WITH_AS((void)net.at<nn::Linear>(0),
                       "Sequential: layer 0 has another type: it is xgrad::nn::ReLU, asked for "
                       "xgrad::nn::Linear; ask for the type that it is",
                       Error);
}

TEST_CASE("a layer passed by a base type is an error") {
  struct Half : Times {
    Half() : Times(0.5) {}
  };
  const Half half;
  const Times& base = half;

  CHECK_THROWS_AS(nn::Sequential{base}, Error);
}

TEST_CASE("mlp puts the activation between its layers") {
  const nn::Sequential net = nn::mlp({2, 3, 4, 1});

  REQUIRE(net.size() == 5);
  CHECK(net.at<nn::Linear>(0).weight.shape() == Shape{3, 2});
  CHECK_NOTHROW((void)net.at<nn::ReLU>(1));
  CHECK(net.at<nn::Linear>(2).weight.shape() == Shape{4, 3});
  CHECK_NOTHROW((void)net.at<nn::ReLU>(3));
  CHECK(net.at<nn::Linear>(4).weight.shape() == Shape{1, 4});
}

TEST_CASE("mlp takes activation, dropout, bias and dtype") {
  const nn::Sequential net =
      nn::mlp({2, 3, 1}, {.activation = nn::Tanh{}, .dropout = 0.1, .bias = false, .dtype = float64});

  REQUIRE(net.size() == 4);
  CHECK_NOTHROW((void)net.at<nn::Tanh>(1));
  CHECK(net.at<nn::Dropout>(2).probability() == 0.1);
  CHECK(names(net) == Names{"0.weight", "3.weight"});
  CHECK(net.parameters()[0].dtype() == float64);
}

TEST_CASE("the activation of mlp can be a function") {
  const nn::Sequential net = nn::mlp({1, 1, 1}, {.activation = [](const Tensor& x) { return x * 0; }});

  CHECK(values(net(ones({1, 1}))) == values(net.at<nn::Linear>(2).bias));
}

TEST_CASE("mlp of fewer than two sizes is an error") {
  CHECK_THROWS_WITH_AS(nn::mlp({64}),
                       "mlp: needs at least the sizes of the input and of the output: got [64]", Error);
}
