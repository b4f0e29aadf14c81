// Every layer in evaluation: the same after a round trip, for another batch than it was saved with, and a
// case for onnxruntime.

#include <doctest/doctest.h>

#include <map>

#include "nn/layer_cases.hpp"
#include "onnx/models.hpp"
#include "onnx/runtime/cases.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

/// Why a layer cannot be saved.
const std::map<std::string, std::string> outside_layers = {
    // Which words there are decides what is computed.
    {"EmbeddingBag sum", "no multiple of the batch's"},
    {"EmbeddingBag max", "something else for another batch"},
};

Tensor input_of(const nlohmann::json& array, DType dtype) {
  const Shape shape = array["shape"].get<std::vector<std::int64_t>>();
  if (array["dtype"] == "int64") return tensor(array["data"].get<std::vector<std::int64_t>>()).reshape(shape);
  return tensor(array["data"].get<std::vector<double>>(), {.dtype = dtype}).reshape(shape);
}

void check_model(OnnxCases& cases, const std::string& name, DType dtype, const TensorFunction& call,
                 const std::vector<Tensor>& inputs, const std::vector<Tensor>& larger,
                 const onnx::SaveOptions& options) {
  const NoGrad guard;
  const std::string model = onnx::to_bytes(call, inputs, options);
  const auto read = onnx::parse(model, name);
  for (const auto* x : {&inputs, &larger}) {
    if (x->empty()) continue;
    const std::vector<Tensor> expected = call(*x), found = read(*x);
    cases.add(name, dtype, model, *x, expected);
    REQUIRE(found.size() == expected.size());
    for (std::size_t k = 0; k < found.size(); ++k)
      CHECK(onnx_distance(expected[k], found[k]) <= (dtype == float32 ? 1e-5 : 1e-12));
  }
}

}  // namespace

TEST_CASE("every layer is the same after a round trip") {
  OnnxCases cases("layers");
  const auto references = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/nn_layers.json"));
  std::map<std::string, std::string> refused;
  for (const LayerCase& c : layer_cases())
    for (DType dtype : {float32, float64}) {
      INFO(c.name << " " << name_of(dtype));
      manual_seed(7);
      const AnyLayer layer = c.make();
      layer.module->to(dtype);
      layer.module->eval();
      std::vector<Tensor> inputs, larger;
      for (const auto& array : references[c.name]["inputs"]) inputs.push_back(input_of(array, dtype));
      for (const Tensor& x : inputs) larger.push_back(cat({x, x.slice(0, 0, 1)}, 0));
      onnx::SaveOptions options;
      options.weights = layer.module->named_parameters();
      for (const NamedTensor& t : layer.module->named_buffers()) options.weights.push_back(t);
      const TensorFunction call = [&](const std::vector<Tensor>& x) {
        return std::vector<Tensor>{layer.call(x)};
      };
      try {
        check_model(cases, c.name, dtype, call, inputs, larger, options);
      } catch (const Error& e) {
        refused[c.name] = e.what();
      }
    }
  std::string unexpected;
  for (const auto& [name, what] : refused)
    if (!outside_layers.contains(name) || what.find(outside_layers.at(name)) == std::string::npos)
      unexpected += "\n" + name + ": " + what;
  CHECK_MESSAGE(unexpected.empty(), unexpected);
}

TEST_CASE("models of each family are written down for onnxruntime") {
  OnnxCases cases("models");
  for (DType dtype : {float32, float64})
    for (const AnyModel& model : models(dtype)) {
      INFO(model.name << " " << name_of(dtype));
      check_model(cases, model.name, dtype, model.call, model.inputs, model.larger, model.options());
    }
}
