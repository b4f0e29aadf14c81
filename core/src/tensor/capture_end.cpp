#include <algorithm>

#include "tensor/capture.hpp"
#include "tensor/node.hpp"

// What a capture looks at when the host acts and when the step is over: gradients, and places that no op has
// named.

namespace xgrad::detail {
namespace {

void set_gradients(const void* f, std::int64_t, std::int64_t) {
  for (const PlannedGradient& g : *static_cast<const std::vector<PlannedGradient>*>(f)) {
    Node* leaf = g.leaf.node();
    Node* wanted = g.gradient.defined() ? g.gradient.node() : nullptr;
    if (leaf->grad == wanted) continue;
    replace_gradient(leaf, wanted ? Tensor(g.gradient).release() : nullptr);
  }
}

}  // namespace

/// Puts the gradients that have changed since the last time before what comes now.
void Capture::flush_gradients() {
  std::vector<PlannedGradient> list;
  for (std::size_t i = 0; i < gradients_.size(); ++i) {
    Node* g = plan_.leaves[i].tensor.node()->grad;
    Seen& seen = gradients_[i];
    const Node* last = !seen.is_set ? seen.before : seen.now.defined() ? seen.now.node() : nullptr;
    const bool is_made = g && !seen.is_set && plan_.arena.find(reinterpret_cast<std::uintptr_t>(g->data));
    if (g == last && !is_made) continue;
    seen.is_set = true;
    seen.now = g ? Tensor::share(g) : Tensor();
    list.push_back({plan_.leaves[i].tensor, seen.now});
  }
  if (list.empty()) return;
  plan_.gradients.push_back(std::move(list));
  plan_.runs.push_back({&set_gradients, &plan_.gradients.back(), 1, 1, &set_gradients_kernel, {}, 0});
}

/// What the leaves' gradients must be when the step begins, for it to be the same step. That a step adds to a
/// gradient which was not there the first time, its next recording shows.
void Capture::close_gradients() {
  for (std::size_t i = 0; i < gradients_.size(); ++i) {
    const Seen& seen = gradients_[i];
    Plan::Leaf& leaf = plan_.leaves[i];
    if (seen.before && seen.is_set && is_held(seen.place))
      rule_out(
          "the step reads the gradient that the step before has left, and gives another one to the leaf " +
          leaf.tensor.describe());
    if (!seen.before && !leaf.tensor.node()->grad) leaf.keeps_gradient = true, leaf.gradient = nullptr;
  }
}

/// Places that no op has named: gradients that were there before.
void Capture::resolve() {
  for (const Pending& p : pending_) {
    if (is_held(p.address)) continue;
    bool found = false;
    for (std::size_t i = 0; i < plan_.leaves.size() && !found; ++i) {
      const Node* g = plan_.leaves[i].tensor.node()->grad;
      if (!g || !g->buffer) continue;
      const auto at = reinterpret_cast<std::uintptr_t>(g->data);
      found = p.address >= at && p.address < at + static_cast<std::size_t>(g->numel * size_of(g->dtype));
      if (!found) continue;
      plan_.leaves[i].keeps_gradient = true;
      plan_.leaves[i].gradient = g;
      writes(Tensor::share(const_cast<Node*>(g)));
    }
    if (!found)
      rule_out(std::string("the kernel ") + p.kernel->name +
               " refers to memory that is no tensor's of which an op was told");
  }
}

void Capture::finish() {
  static constexpr const char* lost =
      "the step reads a tensor and lets go of it: the next step would read another one; keep it, or write "
      "into it by copy_";
  flush_gradients();
  if (plan_.refused.empty()) {
    resolve();
    close_gradients();
  }
  note_made();
  for (const auto& [at, held] : held_)
    if (std::find(plan_.held.begin(), plan_.held.end(), held.buffer) != plan_.held.end())
      plan_.found.push_back({reinterpret_cast<std::byte*>(at), reinterpret_cast<std::byte*>(held.end)});
  gradients_.clear();
  for (const Buffer* b : plan_.held)
    if (b->owners.get() == 1) rule_out(lost);
  for (const Plan::Leaf& leaf : plan_.leaves)  // which the plan holds twice, where nobody shares its elements
    if (leaf.tensor.node()->handles.get() == 1 && leaf.tensor.node()->buffer->owners.get() <= 2)
      rule_out(lost);
  plan_.arena.each_taken([&](const Arena::Block& block) {
    if (block.mark != block.mark_of()) rule_out("elements were written by other means than a kernel");
    plan_.written.push_back(plan_.arena.buffer_of(block));
  });
  plan_.arena.close();
}

}  // namespace xgrad::detail
