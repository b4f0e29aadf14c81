#include "import/graph.hpp"

#include <map>
#include <new>

#include "xgrad/core/error.hpp"

namespace xgrad::onnx::detail {

void LoadedGraph::fail(const std::string& what) const { throw Error("onnx: " + file + ": " + what); }

void LoadedGraph::check_input(std::size_t k, const Tensor& x) const {
  const Model::Value& wanted = inputs[k];
  const auto refuse = [&] {
    std::string sizes;
    for (const std::string& size : wanted.sizes) sizes += (sizes.empty() ? "" : ", ") + size;
    fail("the input '" + wanted.name + "' must be " + name_of(wanted.dtype) + "[" +
         (wanted.ranked ? sizes : "...") + "]: it is " + (x.defined() ? x.describe() : "undefined"));
  };
  if (!x.defined() || x.dtype() != wanted.dtype) refuse();
  if (!wanted.ranked) return;
  if (x.dim() != static_cast<int>(wanted.sizes.size())) refuse();
  for (int i = 0; i < x.dim(); ++i) {
    const std::string& size = wanted.sizes[static_cast<std::size_t>(i)];
    const bool fixed = size[0] >= '0' && size[0] <= '9';
    if (fixed && size != std::to_string(x.size(i))) refuse();
  }
}

std::vector<Tensor> LoadedGraph::run(const std::vector<Tensor>& x) const {
  if (x.size() != inputs.size())
    fail("it takes " + std::to_string(inputs.size()) + " inputs: there are " + std::to_string(x.size()) +
         "; give one for each name");
  std::vector<Tensor> v(values);
  for (const Weight& w : weights) v[w.value] = w.tensor;
  for (std::size_t k = 0; k < x.size(); ++k) check_input(k, x[k]), v[input_places[k]] = x[k];
  std::vector<Tensor> in;
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const LoadedNode& node = nodes[k];
    in.clear();
    for (std::size_t i : node.inputs) in.push_back(i == LoadedNode::none ? Tensor() : v[i]);
    const auto refuse = [&](const std::string& what) {
      fail("node " + std::to_string(k) + " '" + node.name + "' (" + node.type + "): " + what);
    };
    try {
      const std::vector<Tensor> made = import_table().at(node.type)(NodeCall(node, in, opset));
      if (made.size() < node.outputs.size())
        refuse("more outputs are asked for than are supported; export the model without them");
      for (std::size_t i = 0; i < node.outputs.size(); ++i)
        if (node.outputs[i] != LoadedNode::none) v[node.outputs[i]] = made[i];
    } catch (const Error& e) {
      refuse(e.what());
    } catch (const std::bad_alloc&) {
      refuse("there is no memory for what it makes; use smaller inputs");
    }
    for (std::size_t i : last_uses[k]) v[i] = {};
  }
  std::vector<Tensor> y;
  for (std::size_t i : output_places) y.push_back(v[i]);
  return y;
}

}  // namespace xgrad::onnx::detail
