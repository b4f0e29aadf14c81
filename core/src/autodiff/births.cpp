#include "autodiff/births.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "tensor/errors.hpp"

namespace xgrad::detail {
namespace {

constinit thread_local Births* innermost = nullptr;

/// A number that tensors of other bits do not share, but by an accident.
std::size_t fingerprint(const Node* n) {
  const auto bytes = static_cast<std::size_t>(n->numel * size_of(n->dtype));
  return std::hash<std::string_view>()({static_cast<const char*>(n->data), bytes});
}

}  // namespace

Births::Births() : outer_(std::exchange(innermost, this)) { doors |= birth_log; }

Births::~Births() {
  innermost = outer_;
  if (!innermost) doors = static_cast<std::uint8_t>(doors & ~birth_log);
}

void log_birth(const Node* n) {
  for (Births* b = innermost; b; b = b->outer_) b->nodes_.insert(n, 1);
}

Segment segment_of(const char* op, const Tensor& y, const std::vector<Tensor>& inputs, const Births& births) {
  Segment s{{}, fingerprint(y.node())};
  NodeMap seen;
  for (const Tensor& x : inputs) seen.insert(x.node(), 1);
  std::vector<Node*> nodes;
  const auto reach = [&](Node* n) {
    if (seen.find(n)) return;
    seen.insert(n, 1);
    if (!n->requires_grad)
      s.fingerprint = s.fingerprint * 31 + fingerprint(n);
    else if (births.contain(n))
      nodes.push_back(n);
    else
      s.captured.push_back(Tensor::share(n));
  };
  reach(y.node());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i]->freed())
      fail(op, std::string("the function has differentiated and let go of ") + nodes[i]->op->name +
                   ", which its value is made of; pass {.retain_graph = true} or {.create_graph = "
                   "true} to grad there");
    for (int k = 0; k < nodes[i]->input_count; ++k)
      if (Node* x = nodes[i]->inputs()[k]) reach(x);
  }
  return s;
}

}  // namespace xgrad::detail
