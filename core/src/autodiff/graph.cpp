#include "xgrad/core/graph.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "autodiff/node_map.hpp"
#include "program/drawing.hpp"
#include "tensor/node.hpp"

namespace xgrad {
namespace {

using namespace detail;

/// All nodes behind y, consumers before what they consume.
std::vector<Node*> nodes_behind(const Tensor& y, const char* user = __builtin_FUNCTION()) {
  NodeMap seen;
  std::vector<Node*> nodes;
  const auto reach = [&](Node* n) {
    if (seen.find(n)) return;
    seen.insert(n, 1);
    nodes.push_back(n);
  };
  reach(y.node(user));
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (int k = 0; k < nodes[i]->input_count; ++k)
      if (Node* x = nodes[i]->inputs()[k]) reach(x);
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const Node* a, const Node* b) { return a->stamp > b->stamp; });
  return nodes;
}

bool keeps_input(const Node* n, int i) {
  return i < 31 ? (n->kept >> i & 1) != 0 : (n->kept & keep::every_x) == keep::every_x;
}

std::int64_t bytes_of(const Node* n) { return n->numel * size_of(n->dtype); }

/// The call that made a recorded value: several outputs share a node.
Node* call_of(Node* n) { return n->output_of_joint && n->input_count == 1 ? n->inside[0] : n; }

std::size_t output_of(const Node* n) {
  int k = 0;
  if (n->output_of_joint) std::memcpy(&k, n->attributes, sizeof k);
  return static_cast<std::size_t>(k);
}

/// Nodes as calls and values, in the order of computation.
class GraphDrawing {
 public:
  explicit GraphDrawing(std::vector<Node*> nodes) {
    std::reverse(nodes.begin(), nodes.end());
    for (Node* n : nodes)
      if (call_of(n) != n) joint_.insert(call_of(n));
    for (Node* n : nodes) {
      if (!joint_.contains(n)) add_value(n);
      if (n->op && call_of(n) == n) add_call(n);
    }
  }

  const Drawing& drawing() const { return drawing_; }
  Drawing::Total leaves{"leaves"}, kept{"kept for backward"};

 private:
  void add_value(Node* n) {
    const std::size_t v = drawing_.values.size();
    number_.emplace(n, v);
    drawing_.values.push_back({name_of(n->dtype) + n->shape.str(), n->op              ? ""
                                                                   : n->requires_grad ? "leaf"
                                                                                      : "constant"});
    if (!n->op && n->requires_grad) ++leaves.count, leaves.bytes += bytes_of(n);
    if (call_of(n) == n) return;
    auto& outputs = drawing_.calls[calls_.at(call_of(n))].outputs;
    outputs.resize(std::max(outputs.size(), output_of(n) + 1), Drawing::nobody);
    outputs[output_of(n)] = v;
  }

  void add_call(Node* n) {
    Drawing::Call call{.op = n->op->name};
    if (!joint_.contains(n)) call.outputs = {number_.at(n)};
    if (n->keeps_value()) call.bytes += bytes_kept(n);
    if (n->extra)
      for (const Tensor& y : n->extra->outputs) call.bytes += bytes_kept(y.node());
    for (int k = 0; k < n->input_count; ++k) {
      Node* x = n->inputs()[k];
      if (!x) continue;
      call.inputs.push_back({number_.at(x), keeps_input(n, k)});
      if (keeps_input(n, k)) call.bytes += bytes_kept(x);
    }
    ++kept.count, kept.bytes += call.bytes;
    calls_.emplace(n, drawing_.calls.size());
    drawing_.calls.push_back(std::move(call));
  }

  /// A value that several rules keep is kept once, and counts at the op that made it if its own rules do.
  std::int64_t bytes_kept(const Node* n) {
    return n->buffer && counted_.insert(n->buffer).second ? bytes_of(n) : 0;
  }

  Drawing drawing_;
  std::set<const Node*> joint_;
  std::set<const Buffer*> counted_;
  std::unordered_map<const Node*, std::size_t> number_, calls_;
};

}  // namespace

std::string to_dot(const Tensor& y) { return GraphDrawing(nodes_behind(y)).drawing().dot(); }

std::string summary(const Tensor& y) {
  const GraphDrawing graph(nodes_behind(y));
  return graph.drawing().table("kept bytes", {graph.leaves, graph.kept});
}

}  // namespace xgrad
