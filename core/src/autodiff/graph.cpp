#include "xgrad/core/graph.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "autodiff/node_map.hpp"
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
std::string type_of_node(const Node* n) { return name_of(n->dtype) + n->shape.str(); }

/// A name between the quotes of a label.
std::string escaped(const char* name) {
  std::string s;
  for (; *name; ++name) {
    if (*name == '"' || *name == '\\') s += '\\';
    s += *name == '\n' ? std::string("\\n") : std::string(1, *name);
  }
  return s;
}

std::string padded(std::string s, std::size_t width, bool left) {
  if (s.size() < width) s.insert(left ? s.end() : s.begin(), width - s.size(), ' ');
  return s;
}

}  // namespace

std::string to_dot(const Tensor& y) {
  const std::vector<Node*> nodes = nodes_behind(y);
  std::map<const Node*, std::size_t> number;
  for (Node* n : nodes) number.emplace(n, number.size());
  std::string out = "digraph xgrad {\n  rankdir=BT;\n";
  const auto name = [&](const Node* n) { return std::string("n").append(std::to_string(number[n])); };
  for (Node* n : nodes) {
    const std::string id = name(n);
    const std::string label = n->op ? escaped(n->op->name) : n->requires_grad ? "leaf" : "constant";
    out += "  " + id + " [label=\"" + label + "\\n" + type_of_node(n) + "\"" + (n->op ? "" : ", shape=box") +
           "];\n";
    for (int k = 0; k < n->input_count; ++k)
      if (Node* x = n->inputs()[k])
        out += "  " + name(x) + " -> " + id + (keeps_input(n, k) ? " [style=dashed]" : "") + ";\n";
  }
  return out + "}\n";
}

std::string summary(const Tensor& y) {
  struct Row {
    std::int64_t nodes = 0, kept = 0;
  };
  std::map<std::string, Row> rows;
  std::set<const Buffer*> counted;  // a value that several rules keep is kept once
  Row all, leaves;
  const auto keep_value = [&](const Node* n) {
    return n->buffer && counted.insert(n->buffer).second ? bytes_of(n) : std::int64_t{0};
  };
  std::vector<Node*> nodes = nodes_behind(y);
  std::reverse(nodes.begin(),
               nodes.end());  // a value counts at the op that made it, if its own rules keep it
  for (Node* n : nodes) {
    if (!n->op) {
      if (n->requires_grad) ++leaves.nodes, leaves.kept += bytes_of(n);
      continue;
    }
    Row& row = rows[n->op->name];
    std::int64_t kept = n->keeps_value ? keep_value(n) : 0;
    for (int k = 0; k < n->input_count; ++k)
      if (n->inputs()[k] && keeps_input(n, k)) kept += keep_value(n->inputs()[k]);
    ++row.nodes, ++all.nodes;
    row.kept += kept, all.kept += kept;
  }
  std::string out;
  const auto add_line = [&](const std::string& name, const Row& row) {
    out += padded(name, 24, true) + " " + padded(std::to_string(row.nodes), 9, false) + " nodes " +
           padded(std::to_string(row.kept), 15, false) + " bytes\n";
  };
  for (const auto& [name, row] : rows) add_line(name, row);
  add_line("leaves", leaves);
  add_line("kept for backward", all);
  return out;
}

}  // namespace xgrad
