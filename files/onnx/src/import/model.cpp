#include "import/graph.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/onnx/load.hpp"

namespace xgrad::onnx {

std::vector<Tensor> Model::operator()(const std::vector<Tensor>& inputs) const { return graph_->run(inputs); }

namespace {
Tensor single(const detail::LoadedGraph& graph, const std::vector<Tensor>& inputs) {
  if (graph.outputs.size() != 1)
    graph.fail("it has " + std::to_string(graph.outputs.size()) +
               " outputs; call it with a vector of tensors, as model({x, y})");
  return graph.run(inputs)[0];
}
}  // namespace

Tensor Model::operator()(const Tensor& x) const { return single(*graph_, {x}); }
Tensor Model::operator()(const Tensor& x, const Tensor& y) const { return single(*graph_, {x, y}); }
Tensor Model::operator()(const Tensor& x, const Tensor& y, const Tensor& z) const {
  return single(*graph_, {x, y, z});
}

void Model::visit(Visitor& v) {
  for (detail::LoadedGraph::Weight& w : graph_->weights) {
    if (w.learnt)
      v(w.name, w.tensor);
    else if (!w.name.empty())
      v.buffer(w.name, w.tensor);
  }
}

std::vector<Tensor> Model::parameters() const {
  std::vector<Tensor> all;
  for (const auto& w : graph_->weights)
    if (w.learnt) all.push_back(w.tensor);
  return all;
}
std::vector<NamedTensor> Model::named_parameters() const {
  std::vector<NamedTensor> all;
  for (const auto& w : graph_->weights)
    if (w.learnt) all.push_back({w.name, w.tensor});
  return all;
}

const std::vector<Model::Value>& Model::inputs() const { return graph_->inputs; }
const std::vector<Model::Value>& Model::outputs() const { return graph_->outputs; }
std::vector<Model::Node> Model::nodes() const {
  std::vector<Node> all;
  for (const detail::LoadedNode& n : graph_->nodes)
    all.push_back({n.type, n.name, n.input_names, n.output_names});
  return all;
}
std::vector<std::pair<std::string, std::string>> Model::metadata() const { return graph_->metadata; }

}  // namespace xgrad::onnx
