#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;

TEST_CASE("the same seed drops the same elements as PyTorch") {
  const auto streams = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/torch_rng_streams.json"));
  const nn::Dropout dropout{0.5};

  for (const int seed : {0, 42}) {
    CAPTURE(seed);
    manual_seed(static_cast<std::uint64_t>(seed));

    const Tensor y = dropout(ones({8}, {.dtype = float64}));

    CHECK(y.to_vector<double>() ==
          streams[std::to_string(seed)]["dropout_.5_ones8_f64"].get<std::vector<double>>());
  }
}

TEST_CASE("dropout keeps the mean") {
  const nn::Dropout dropout{0.2, Generator(1)};

  // Standard error of the mean: sqrt(0.2 / 0.8 / 100000) = 0.0016.
  CHECK(dropout(ones({100000})).mean().item() == doctest::Approx(1).epsilon(0.008));
}

TEST_CASE("the gradient of dropout is its mask") {
  const nn::Dropout dropout{0.25};
  const Tensor x = ones({16}, {.dtype = float64, .requires_grad = true});

  const Tensor y = dropout(x);
  y.sum().backward();

  CHECK(x.grad().to_vector<double>() == y.to_vector<double>());
}

TEST_CASE("in eval mode dropout is the identity and draws nothing") {
  nn::Dropout dropout{0.5};
  dropout.eval();
  const std::string before = default_generator().state();

  CHECK(dropout(ones({3})).to_vector<float>() == std::vector<float>{1, 1, 1});
  CHECK(default_generator().state() == before);
}

TEST_CASE("dropout with p = 0 draws nothing") {
  const nn::Dropout dropout{0.0};
  const std::string before = default_generator().state();

  CHECK(dropout(ones({3})).to_vector<float>() == std::vector<float>{1, 1, 1});
  CHECK(default_generator().state() == before);
}

TEST_CASE("dropout with p = 1 drops all, with gradient 0") {
  const nn::Dropout dropout{1.0};
  const Tensor x = ones({3}, {.requires_grad = true});

  const Tensor y = dropout(x);
  y.sum().backward();

  CHECK(y.to_vector<float>() == std::vector<float>{0, 0, 0});
  CHECK(x.grad().to_vector<float>() == std::vector<float>{0, 0, 0});
}

TEST_CASE("a probability outside [0, 1] is an error") {
  CHECK_THROWS_WITH_AS(nn::Dropout(1.5), "Dropout: p must be in [0, 1]: got 1.5", Error);
  CHECK_THROWS_WITH_AS(nn::Dropout(-0.1), "Dropout: p must be in [0, 1]: got -0.1", Error);
}

TEST_CASE("dropout of integers is an error") {
  CHECK_THROWS_WITH_AS(nn::Dropout()(tensor({1, 2})),
                       "dropout: needs a floating tensor: x is i64[2]; convert it with x.to(float32)", Error);
}

TEST_CASE("a layer's dropout within a checkpoint drops the same elements again") {
  const nn::Sequential net = nn::mlp({4, 64, 1}, {.dropout = 0.5});
  const Tensor x = randn({3, 4}, {}, Generator(1)).requires_grad_();
  const auto slope = [&](auto f) {
    manual_seed(3);
    return grad(sum(f(x)), {x})[0];
  };

  const Tensor direct = slope([&](const Tensor& t) { return net(t); });
  const Tensor again =
      slope([&](const Tensor& t) { return checkpoint([&](const Tensor& u) { return net(u); }, t); });

  CHECK(equal(direct, again));
}

TEST_CASE(
    "who draws within a checkpoint through a copy of the default generator draws the same numbers again") {
  Generator copy = default_generator();
  const Tensor x = ones({8}).requires_grad_();

  const Tensor y = checkpoint([&](const Tensor& t) { return t * rand_like(t, {}, copy); }, x);
  rand({5});
  sum(y).backward();

  CHECK(equal(x.grad(), y));
}
