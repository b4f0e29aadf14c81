#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "nn/layer_cases.hpp"

// What holds for every layer: gradients to second order in both modes, states that travel, copies, other
// dtypes, empty batches.

using namespace xgrad;
using namespace xgrad::test;

namespace {

/// The inputs of a case in a dtype, with another number of samples where it is given.
Inputs inputs_of(const std::string& name, DType dtype, std::int64_t samples = -1) {
  static const auto all = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/nn_layers.json"));
  Inputs inputs;
  for (const auto& array : all[name]["inputs"]) {
    const Tensor flat = tensor(array["data"].get<std::vector<double>>());
    Tensor x = flat.reshape(array["shape"].get<std::vector<std::int64_t>>());
    if (samples >= 0) x = x.slice(0, 0, samples);
    inputs.push_back(x.to(array["dtype"] == "int64" ? int64 : dtype));
  }
  return inputs;
}

}  // namespace

TEST_CASE("gradients of every layer hold to second order, in training and in eval mode") {
  for (const LayerCase& c : layer_cases()) {
    CAPTURE(c.name);
    for (const bool training : {true, false}) {
      CAPTURE(training);
      if (training && (c.draws || c.name.starts_with("spectral_norm")))
        continue;                                                  // another function at each call
      if (training && c.name == "BatchNorm1d of lines") continue;  // its momentum falls with each call
      if (c.name == "Embedding with padding") continue;            // its padding has no gradient on purpose
      const AnyLayer layer = c.make();
      layer.module->train(training);
      const auto result =
          layer.check(inputs_of(c.name, float64), {.order = 2, .max_entries = 40, .directions = 3});
      CHECK_MESSAGE(result, result);
    }
  }
}

TEST_CASE("the state of every layer goes into another one, which then gives the same") {
  for (const LayerCase& c : layer_cases()) {
    CAPTURE(c.name);
    const AnyLayer trained = c.make(), other = c.make();
    const Inputs inputs = inputs_of(c.name, float32);
    trained.call(inputs);  // moves statistics

    load_state_dict(*other.module, state_dict(*trained.module));

    trained.module->eval(), other.module->eval();
    CHECK(other.call(inputs).to_vector<float>() == trained.call(inputs).to_vector<float>());
  }
}

TEST_CASE("a clone of a layer gives the same and shares nothing") {
  for (const LayerCase& c : layer_cases()) {
    CAPTURE(c.name);
    const AnyLayer layer = c.make();
    const Inputs inputs = inputs_of(c.name, float32);
    const AnyLayer copy = layer.clone();
    layer.module->eval(), copy.module->eval();
    const auto expected = layer.call(inputs).to_vector<float>();
    CHECK(copy.call(inputs).to_vector<float>() == expected);

    const NoGrad guard;
    for (Tensor& p : layer.module->parameters()) p.fill_(0);
    for (Tensor& b : layer.module->buffers()) b.fill_(0);
    CHECK(copy.call(inputs).to_vector<float>() == expected);
  }
}

TEST_CASE("every layer prints its type and its options") {
  for (const LayerCase& c : layer_cases()) {
    CAPTURE(c.name);
    const std::string text = c.make().module->str();
    const bool wrapped = c.name.find("_norm of") != std::string::npos;
    if (!wrapped) CHECK(text.starts_with(c.name.substr(0, c.name.find(' ')) + "("));
    CHECK(text.back() == ')');
  }
}

TEST_CASE("an empty batch goes through every layer and back") {
  for (const LayerCase& c : layer_cases()) {
    CAPTURE(c.name);
    if (c.name == "BatchNorm2d plain") continue;  // has the batch's statistics in every mode
    const AnyLayer layer = c.make();
    Inputs inputs = inputs_of(c.name, float32, 0);
    for (Tensor& x : inputs)
      if (is_floating(x.dtype())) x.requires_grad_(true);
    layer.module->eval();
    const Tensor y = layer.call(inputs);
    CHECK(y.numel() == 0);
    CHECK(y.shape()[0] == 0);
    if (!y.requires_grad()) continue;
    sum(y).backward();
    for (const Tensor& x : inputs)
      if (x.requires_grad()) CHECK(x.grad().shape() == x.shape());
    for (const Tensor& p : layer.module->parameters())
      for (const float g : p.grad().to_vector<float>()) CHECK(g == 0);
  }
}

TEST_CASE("a batch of one gives what it gives among others, in eval mode") {
  for (const LayerCase& c : layer_cases()) {
    CAPTURE(c.name);
    const AnyLayer layer = c.make();
    layer.module->to(float64);
    layer.module->eval();
    if (c.name == "BatchNorm2d plain") continue;  // has the batch's statistics in every mode
    const Tensor all = layer.call(inputs_of(c.name, float64)),
                 one = layer.call(inputs_of(c.name, float64, 1));
    const auto whole = all.slice(0, 0, 1).to_vector<double>(), single = one.to_vector<double>();
    REQUIRE(whole.size() == single.size());
    for (std::size_t i = 0; i < whole.size(); ++i)
      CHECK(single[i] == doctest::Approx(whole[i]).epsilon(1e-12));
  }
}

TEST_CASE("a layer in float64 refuses float32, and names itself") {
  for (const LayerCase& c : layer_cases()) {
    CAPTURE(c.name);
    const AnyLayer layer = c.make();
    if (layer.module->parameters().empty() || c.name.starts_with("Embedding")) continue;
    layer.module->to(float64);
    CHECK_THROWS_AS(layer.call(inputs_of(c.name, float32)), Error);
  }
}
