#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "nn/layer_cases.hpp"

// Every layer against PyTorch's: first weights, values, gradients, statistics; see layers.py.

using namespace xgrad;
using namespace xgrad::test;
using nlohmann::json;

namespace {

const json& references() {
  static const json all = json::parse(std::ifstream(XGRAD_TEST_DATA "/nn_layers.json"));
  return all;
}

Shape shape_of(const json& array) { return array["shape"].get<std::vector<std::int64_t>>(); }

Tensor tensor_of(const json& array) {
  if (array["dtype"] == "int64")
    return tensor(array["data"].get<std::vector<std::int64_t>>()).reshape(shape_of(array));
  return tensor(array["data"].get<std::vector<double>>()).reshape(shape_of(array));
}

/// Checks that each element is that of the reference, to a few roundings of the largest one.
void check_close(const Tensor& found, const json& expected, double tolerance = 1e-13) {
  REQUIRE(found.defined());
  CHECK(found.shape() == shape_of(expected));
  const auto values = found.to_vector<double>();
  const auto wanted = expected["data"].get<std::vector<double>>();
  REQUIRE(values.size() == wanted.size());
  double largest = 1e-300, error = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    largest = std::max(largest, std::abs(wanted[i]));
    error = std::max(error, std::abs(values[i] - wanted[i]));
  }
  CHECK_MESSAGE(error <= tolerance * largest, "largest difference ", error, " of ", largest);
}

Inputs inputs_of(const json& reference) {
  Inputs inputs;
  for (const json& array : reference["inputs"]) {
    Tensor x = tensor_of(array);
    if (is_floating(x.dtype())) x.requires_grad_(true);
    inputs.push_back(x);
  }
  return inputs;
}

/// What two ways of rounding differ by; power iterations add to it.
double tolerance_of(const std::string& name) { return name.starts_with("spectral_norm") ? 1e-12 : 1e-13; }

}  // namespace

TEST_CASE("the cases are those of the reference data") {
  std::set<std::string> ours, theirs;
  for (const LayerCase& c : layer_cases()) ours.insert(c.name);
  for (const auto& [name, reference] : references().items()) theirs.insert(name);

  CHECK(ours == theirs);
}

TEST_CASE("layers start with PyTorch's names, shapes and values for a seed") {
  for (const LayerCase& c : layer_cases()) {
    CAPTURE(c.name);
    const json& first = references()[c.name]["first"];
    manual_seed(7);
    const AnyLayer layer = c.make();

    std::set<std::string> names, expected;
    for (const auto& members : {layer.module->named_parameters(), layer.module->named_buffers()})
      for (const auto& [name, t] : members) {
        CAPTURE(name);
        names.insert(name);
        REQUIRE(first.contains(name));
        CHECK(t.shape() == shape_of(first[name]));
        // Normal numbers differ by the last bit of a logarithm or a cosine, norms by their order of summing.
        const bool rounded = c.name.starts_with("Embedding") || name.starts_with("weight_");
        check_close(t, first[name], rounded ? 1.2e-7 : 0);
      }
    for (const auto& [name, t] : first.items()) expected.insert(name);
    CHECK(names == expected);
  }
}

TEST_CASE("values, gradients and statistics of layers are PyTorch's") {
  for (const LayerCase& c : layer_cases()) {
    CAPTURE(c.name);
    const json& reference = references()[c.name];
    manual_seed(7);
    const AnyLayer layer = c.make();
    layer.module->to(float64);
    for (auto& members : {layer.module->named_parameters(), layer.module->named_buffers()})
      for (const auto& [name, t] : members) {
        const NoGrad guard;
        Tensor(t).copy_(tensor_of(reference["first"][name]));
      }
    const Inputs inputs = inputs_of(reference);
    const double tolerance = tolerance_of(c.name);

    manual_seed(11);
    const Tensor y = layer.call(inputs);
    check_close(y, reference["output"], tolerance);
    y.backward(tensor_of(reference["cotangent"]));

    std::size_t k = 0;
    for (const Tensor& x : inputs)
      if (x.requires_grad()) check_close(x.grad(), reference["input_gradients"][k++], tolerance);
    for (const auto& [name, p] : layer.module->named_parameters()) {
      CAPTURE(name);
      check_close(p.grad(), reference["gradients"][name], tolerance);
    }
    for (const auto& [name, b] : layer.module->named_buffers()) {
      CAPTURE(name);
      check_close(b, reference["buffers"][name], tolerance);
    }
    layer.module->eval();
    check_close(layer.call(inputs), reference["evaluated"], tolerance);
  }
}
