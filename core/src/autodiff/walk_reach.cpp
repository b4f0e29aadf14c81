#include <algorithm>

#include "autodiff/walk.hpp"

// What of a graph lies between the outputs and the inputs of `grad`. It is found out when the walk asks, from
// an input of a node that it visits on, and no further than up to the first input of `grad`: where leaves lie
// beside the ops, a walk to them looks at little more than one without inputs.

namespace xgrad::detail {

void Walk::only(std::span<const Tensor> inputs, bool partial) {
  restricted_ = true;
  partial_ = partial;
  for (const Tensor& x : inputs) {
    Node* n = x.node();
    least_ = staged_.empty() ? n->stamp : std::min(least_, n->stamp);
    most_ = std::max(most_, n->stamp);
    if (!staged(n)) new_staged(n);
  }
}

void Walk::restart() {
  for (Staged& s : staged_) s.grad = {}, s.seen = false;
}

[[gnu::noinline]] bool Walk::leads_to_captured(Node* x) {
  if (is_captured(x)) return true;
  return x->op && leads_to_input(x);
}

void Walk::remember(Node* n, bool leads) {
  reached_.push_back({n, leads});
  n->place.set(reached_.size() - 1);
}

bool Walk::is_next_to_input(Node* n) {
  for (int i = 0; i < n->input_count; ++i) {
    Node* x = n->inputs()[i];
    if (!x || !x->requires_grad) continue;
    if (is_captured(x)) return true;
    if (!x->op || x->stamp <= least_) continue;
    const Reach* known = reach_of(x);
    if (known && known->leads) return true;
  }
  return false;
}

/// Goes on with the inputs of n. Throws Error where they are not known any more: their part of a gradient
/// would be left out.
void Walk::look_behind(Node* n) {
  if (n->freed()) was_freed(*n->op, n->buffer ? n : nullptr);
  frames_.push_back({n, 0});
}

/// Depth first: those that lead to the node at the end lead to what it leads to.
bool Walk::find_out(Node* root) {
  if (partial_ && is_captured(root)) return false;
  frames_.clear();
  look_behind(root);
  while (!frames_.empty()) {
    Node* n = frames_.back().node;
    int& next = frames_.back().next;
    if (next == 0 && is_next_to_input(n)) {
      if (frames_.size() > 1 || n->input_count > 3)
        for (const SearchStep& f : frames_) remember(f.node, true);
      return true;
    }
    Node* deeper = nullptr;
    while (next < n->input_count && !deeper) {
      Node* x = n->inputs()[next++];
      if (x && x->requires_grad && x->op && x->stamp > least_ && !reach_of(x)) deeper = x;
    }
    if (deeper) {
      look_behind(deeper);
      continue;
    }
    remember(n, false);
    frames_.pop_back();
  }
  return false;
}

}  // namespace xgrad::detail
