#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;

TEST_CASE("the same seed gives the same Linear as PyTorch") {
  const auto streams = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/torch_rng_streams.json"));

  for (const int seed : {0, 42}) {
    CAPTURE(seed);
    const auto& stream = streams[std::to_string(seed)];
    manual_seed(static_cast<std::uint64_t>(seed));

    const nn::Linear layer{3, 2};

    CHECK(layer.weight.to_vector<float>() == stream["Linear(3,2).weight_f32"].get<std::vector<float>>());
    CHECK(layer.bias.to_vector<float>() == stream["Linear(3,2).bias_f32"].get<std::vector<float>>());
  }
}

TEST_CASE("Linear is x times the transposed weight plus the bias") {
  nn::Linear layer{2, 3};
  layer.weight = tensor({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});
  layer.bias = tensor({0.5, 0.25, 0.125});

  const Tensor y = layer(tensor({{1.0, 10.0}}));

  CHECK(y.shape() == Shape{1, 3});
  CHECK(y.to_vector<float>() == std::vector<float>{21.5f, 43.25f, 65.125f});
}

TEST_CASE("Linear works on the last axis of any input") {
  const nn::Linear layer{2, 3};

  CHECK(layer(ones({2})).shape() == Shape{3});
  CHECK(layer(ones({4, 5, 2})).shape() == Shape{4, 5, 3});
  CHECK(layer(ones({0, 2})).shape() == Shape{0, 3});
}

TEST_CASE("Linear can do without bias") {
  const nn::Linear layer{2, 3, {.bias = false}};

  CHECK_FALSE(layer.bias.defined());
  CHECK(layer.parameters().size() == 1);
  CHECK(layer(zeros({1, 2})).to_vector<float>() == std::vector<float>{0, 0, 0});
}

TEST_CASE("Linear can be float64") {
  const nn::Linear layer{2, 3, {.dtype = float64}};

  CHECK(layer(ones({1, 2}, {.dtype = float64})).dtype() == float64);
}

TEST_CASE("Linear draws from the generator that it is given") {
  const std::string before = default_generator().state();

  const nn::Linear a{2, 3, {.generator = Generator(5)}};
  const nn::Linear b{2, 3, {.generator = Generator(5)}};

  CHECK(a.weight.to_vector<float>() == b.weight.to_vector<float>());
  CHECK(default_generator().state() == before);
}

TEST_CASE("a layer without inputs gives its bias, zero") {
  const nn::Linear layer{0, 2};

  CHECK(layer(zeros({1, 0})).to_vector<float>() == std::vector<float>{0, 0});
}

TEST_CASE("an input of another size is an error that names the layer") {
  const nn::Linear layer{64, 128};

  CHECK_THROWS_WITH_AS(layer(ones({4, 3})),
                       "Linear: the last size of x must be the layer's input size: x is f32[4, 3], weight is "
                       "f32[128, 64] of Linear(64, 128)",
                       Error);
  CHECK_THROWS_WITH_AS(layer(full({}, 1.0)),
                       "Linear: the last size of x must be the layer's input size: x is f32[], weight is "
                       "f32[128, 64] of Linear(64, 128)",
                       Error);
}

TEST_CASE("a negative size is an error") {
  CHECK_THROWS_WITH_AS(nn::Linear(-1, 2), "Linear: sizes must not be negative: in = -1, out = 2", Error);
}

TEST_CASE("an integer Linear is an error") {
  CHECK_THROWS_WITH_AS(nn::Linear(1, 2, {.dtype = int64}), "Linear: weights need a floating dtype: got i64",
                       Error);
}
