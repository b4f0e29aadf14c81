#include "autodiff/hooks.hpp"
#include "autodiff/walk.hpp"

// When a leaf has all of its gradient, for those who wait for that: see on_ready.

namespace xgrad::detail {

/// Counts, for every node that can be reached, the edges that lead to it.
void Walk::await_leaves() {
  std::vector<Node*> nodes;
  if (next_) nodes.push_back(next_);
  for (const Entry& e : heap_) nodes.push_back(e.node);
  for (Node* n : nodes) awaited_.insert(n, 0);
  for (std::size_t k = 0; k < nodes.size(); ++k)
    for (int i = 0; i < nodes[k]->input_count; ++i) {
      Node* x = nodes[k]->inputs()[i];
      if (!x || !x->requires_grad) continue;
      if (std::uint32_t* edges = awaited_.find(x)) {
        ++*edges;
        continue;
      }
      awaited_.insert(x, 1);
      if (x->op)
        nodes.push_back(x);
      else
        awaits_leaves_ |= x->extra && x->extra->ready;
    }
}

/// n has been visited: its inputs wait for one edge less. One that has waited for the last and has got
/// nothing will never be visited, so that its own inputs need not wait for it either.
void Walk::settle(Node* n) {
  std::vector<Node*> settled{n};
  while (!settled.empty()) {
    Node* y = settled.back();
    settled.pop_back();
    for (int i = 0; i < y->input_count; ++i) {
      Node* x = y->inputs()[i];
      if (!x || !x->requires_grad) continue;
      std::uint32_t* edges = awaited_.find(x);
      if (!edges || --*edges > 0) continue;
      if (!x->op)
        has_all(x);
      else if (!x->queued)
        settled.push_back(x);
    }
  }
}

void Walk::has_all(Node* leaf) {
  Staged* there = staged(leaf);
  if (!there || !leaf->extra || !leaf->extra->ready) return;
  there->seen = true;
  there->grad = run_hooks(leaf, std::move(there->grad));
  if (!create_ && !is_sole_owner(there->grad.node())) there->grad = there->grad.clone();
  run_ready(leaf, there->grad);
}

}  // namespace xgrad::detail
