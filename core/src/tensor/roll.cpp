#include "tensor/roll.hpp"

#include <atomic>
#include <iostream>
#include <vector>

#include "xgrad/core/parameter.hpp"

// The roll call of parameters: see parameter.hpp.

namespace xgrad::detail {

#ifdef NDEBUG

void note_layer(const Tensor&, const char*) {}
void note_same_layer(const Tensor&, const Tensor&) {}
void note_listed(const Tensor&) {}
void forget_listed() {}
void report_unlisted() {}

#else

namespace {

/// States of Node::roll.
enum Roll : std::uint8_t { unknown, in_loss, listed };

/// The kinds of layers; Node::layer is a place in it, and one more.
constexpr std::size_t most_layers = 127;
std::atomic<const char*> layers[most_layers];

/// The nodes that took part in a recorded call on this thread and were in no list then, with a link each.
struct Suspects {
  static constexpr std::size_t most = 256;  // so that a program without an optimizer gathers no more
  std::vector<Node*> nodes;

  void clear() {
    for (Node* n : nodes) drop_link(n);
    nodes.clear();
  }
  ~Suspects() { clear(); }
};
thread_local Suspects suspects;

void report(const Node* n) {
  std::cerr
      << layers[n->layer - 1] << ": the parameter " << name_of(n->dtype) << n->shape.str()
      << " got a gradient, but no list of parameters names it, so that it is neither trained nor saved; "
         "name it in its owner's visit, or freeze it by requires_grad_(false)\n";
}

}  // namespace

void note_layer(const Tensor& t, const char* layer) {
  if (t.node()->layer) return;
  for (std::size_t i = 0; i < most_layers; ++i) {
    const char* found = nullptr;
    if (layers[i].compare_exchange_strong(found, layer) || found == layer) {
      t.node()->layer = (i + 1) & 127;
      return;
    }
  }
}

void note_same_layer(const Tensor& t, const Tensor& original) { t.node()->layer = original.node()->layer; }

void note_listed(const Tensor& t) { __atomic_store_n(&t.node()->roll, listed, __ATOMIC_RELAXED); }

void note_in_loss(Node* n) {
  std::uint8_t before = unknown;
  if (suspects.nodes.size() == Suspects::most) suspects.clear();
  suspects.nodes.reserve(Suspects::most);
  if (!__atomic_compare_exchange_n(&n->roll, &before, in_loss, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
    return;
  n->links.up();
  suspects.nodes.push_back(n);
}

void forget_listed() {
  std::erase_if(suspects.nodes, [](Node* n) {
    const bool is_listed = __atomic_load_n(&n->roll, __ATOMIC_RELAXED) == listed;
    if (is_listed) drop_link(n);
    return is_listed;
  });
}

void report_unlisted() {
  forget_listed();
  for (Node* n : suspects.nodes) {
    if (n->handles.get() == 0) continue;
    if (n->grad) report(n);
    __atomic_store_n(&n->roll, n->grad ? listed : unknown, __ATOMIC_RELAXED);
  }
  suspects.clear();
}

#endif

}  // namespace xgrad::detail
