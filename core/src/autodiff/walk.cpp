#include "autodiff/walk.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "autodiff/anomaly.hpp"
#include "autodiff/hooks.hpp"
#include "autodiff/listen.hpp"
#include "tensor/errors.hpp"

namespace xgrad::detail {
namespace {

thread_local std::unique_ptr<Scratch> spare_scratch;
constinit thread_local Walk* innermost = nullptr;

}  // namespace

std::unique_ptr<Scratch> take_scratch() {
  return spare_scratch ? std::move(spare_scratch) : std::make_unique<Scratch>();
}

void clear_cotangents(Node* n) noexcept {
  if (n->grad) drop_handle(std::exchange(n->grad, nullptr));
  if (n->extra)
    for (Tensor& g : n->extra->cotangents) g = {};
}

Walk::Walk(bool retain_graph, bool create_graph)
    : retain_(retain_graph || create_graph),
      create_(create_graph),
      in_place_(!create_graph && !is_traced()),
      choosy_(innermost != nullptr),
      outer_(innermost),
      scratch_(take_scratch()) {
  if (outer_) outer_->put_aside();
  innermost = this;
}

Walk::~Walk() {
  if (next_ || !heap_.empty()) let_go();
  for (Staged& s : staged_) drop_link(s.node);
  staged_.clear();
  where_.clear();
  awaited_.clear();
  reached_.clear();
  spare_scratch = std::move(scratch_);
  innermost = outer_;
  if (outer_) outer_->put_back();
}

/// Takes what was gathered in the nodes of the queue out of them. Nothing has changed if it throws.
void Walk::put_aside() {
  const auto add = [&](Node* n) {
    Aside& a = aside_.emplace_back(Aside{n, nullptr, {}});
    if (n->extra) a.cotangents.resize(n->extra->cotangents.size());
  };
  try {
    aside_.reserve(heap_.size() + 1);
    if (next_) add(next_);
    for (const Entry& e : heap_) add(e.node);
  } catch (...) {
    aside_.clear();
    throw;
  }
  for (Aside& a : aside_) {
    a.node->queued = false;
    a.grad = std::exchange(a.node->grad, nullptr);
    if (a.node->extra) a.cotangents.swap(a.node->extra->cotangents);
  }
}

void Walk::put_back() noexcept {
  for (Aside& a : aside_) {
    a.node->queued = true;
    a.node->grad = a.grad;
    if (a.node->extra) a.cotangents.swap(a.node->extra->cotangents);
  }
  aside_.clear();
}

/// Whether n's history is this walk's to free: a node that an outer walk is visiting is not, as that frees it
/// itself.
[[gnu::noinline]] bool Walk::may_free(Node* n) const {
  for (const Walk* w = outer_; w; w = w->outer_)
    if (w->visited_ == n) return false;
  return true;
}

Node* Walk::pop_heap() {
  std::pop_heap(heap_.begin(), heap_.end());
  Node* n = heap_.back().node;
  heap_.pop_back();
  return n;
}

/// What is still queued because something threw: the rest of the graph counts as freed.
[[gnu::cold, gnu::noinline]] void Walk::let_go() noexcept {
  while (Node* n = pop()) {
    passes_on_ = !restricted_ || !is_captured(n);
    Held(*this, n);
  }
}

Staged* Walk::staged_elsewhere(Node* n) {
  const std::uint32_t* at = where_.find(n);
  return at ? &staged_[*at] : nullptr;
}

Staged& Walk::new_staged(Node* n) {
  staged_.push_back({n, {}, {}});
  n->links.up();  // the graph that holds it may be freed before the walk ends
  if (!n->op) n->place.set(staged_.size() - 1);
  where_.insert(n, static_cast<std::uint32_t>(staged_.size() - 1));
  return staged_.back();
}

void Walk::stage(Node* n, Tensor&& g) {
  Staged* there = staged(n);
  Tensor& slot = (there ? *there : new_staged(n)).grad;
  if (!slot.defined())
    slot = std::move(g);
  else if (in_place_ && is_unique(slot.node()))
    add_in_place(slot.node(), g);
  else
    slot = add_grads(slot, g, create_);
}

Tensor Walk::captured(Node* n) {
  const Staged* there = staged(n);
  if (!there || !there->grad.defined()) return {};
  const Tensor& g = there->grad;
  if (is_sole_owner(g.node()) || !g.is_leaf()) return g;  // a recorded result can't be written
  const RecordingGuard guard(create_);
  return g.clone();
}

void Walk::run() {
  const RecordingGuard guard(create_);
  const InRules rules;
  if (ready_leaves.load(std::memory_order_relaxed) > 0 && !restricted_) [[unlikely]]
    await_leaves();
  while (Node* n = pop()) {
    const Held held(*this, n);
    visited_ = n;
    passes_on_ = !restricted_;
    visit(n);
    if (awaits_leaves_) [[unlikely]]
      settle(n);
  }
  visited_ = nullptr;
}

/// `value`, unless it is null, is described.
void Walk::was_freed(const Op& op, Node* value) {
  fail("backward", std::string("the graph was freed by an earlier backward: it reached ") + op.name +
                       (value ? " of " + Tensor::share(value).describe() : "") +
                       "; pass {.retain_graph = true} to the earlier one, or detach() what it may leave out");
}

namespace {

/// Rules do not add in place to sums of fewer elements, where looking for them costs as much as it saves.
constexpr std::int64_t least_added = 4096;

bool has_large_input(Node* n) {
  for (int i = 0; i < n->input_count; ++i)
    if (const Node* x = n->inputs()[i]; x && x->numel >= least_added) return true;
  return false;
}

/// What a rule returned, checked and summed to the shape of the input.
[[gnu::noinline]] Tensor checked(Node* n, int i, const Tensor& g, Tensor&& dx) {
  Node* x = n->inputs()[i];
  if (dx.dtype() != x->dtype)
    fail(n->op->name, "the rule of input " + std::to_string(i) + " returned " + dx.describe() +
                          " for an input of dtype " + name_of(x->dtype) +
                          "; a rule must return the input's dtype, see to()");
  if (anomaly_mode) check_gradient(n, i, g, dx);
  return dx.shape() == x->shape ? std::move(dx) : sum_to(n->op->name, dx, x->shape);
}

}  // namespace

/// Passes on what a rule returned, if anything.
[[gnu::always_inline]] inline void Walk::contribute(Node* n, int i, const Tensor& g, Tensor&& dx) {
  if (!dx.defined()) return;
  Node* x = n->inputs()[i];
  if (dx.dtype() != x->dtype || !(dx.shape() == x->shape) || anomaly_mode) [[unlikely]]
    dx = checked(n, i, g, std::move(dx));
  pass_on(x, std::move(dx));
}

/// What the rule of input i gives; undefined where it has none, and where it has added it to the sum.
inline Tensor Walk::gradient(const Op& op, const Tensor& g, Fn f, int i) {
  if (op.each.run) return op.each.run(g, f, i);
  const Rule& rule = op.vjp[static_cast<std::size_t>(i)];
  if (rule.add && f.node()->inputs()[i]->numel >= rule.add_from)
    if (const Tensor sum = open_sum(f.node()->inputs()[i]); sum.defined()) {
      Tensor dx = rule.add(g, f, sum);
      return dx.node() == sum.node() ? Tensor() : std::move(dx);
    }
  return rule.run ? rule.run(g, f) : Tensor();
}

void Walk::visit(Node* n) {
  Tensor g = take_cotangent(n);
  if (n->extra || restricted_) [[unlikely]] {
    g = see(n, std::move(g));
    if (!passes_on_) return;
  }
  if (n->freed()) [[unlikely]]
    was_freed(*n->op, n);
  if (n->output_of_joint) return pass_to_joint(n, std::move(g));
  const Op& op = *n->op;
  if (op.joint.run) return visit_joint(n, std::move(g));
  const Fn f(n);
  const int rules = op.each.run ? n->input_count : std::min(n->input_count, 4);
  for (int i = 0; i < rules; ++i)
    if (wants(n->inputs()[i])) contribute(n, i, g, gradient(op, g, f, i));
}

Tensor Walk::open_sum(Node* x) {
  if (!in_place_ || anomaly_mode) return {};
  Node* sum = x->grad;
  if (!x->op) {
    const Staged* there = staged(x);
    sum = there && there->grad.defined() ? there->grad.node() : nullptr;
  }
  if (!sum || !is_unique(sum)) return {};
  return Tensor::share(sum);
}

/// What watchers of a recorded tensor see of its cotangent: hooks, which may replace it, then `retain_grad`
/// and the inputs of `grad`.
Tensor Walk::see(Node* n, Tensor&& g) {
  if (n->extra) {
    g = run_hooks(n, std::move(g));
    if (n->extra->retain_grad && !restricted_) stage(n, Tensor(g));
  }
  if (!restricted_) return std::move(g);
  const bool captured = is_captured(n);
  passes_on_ = !captured || leads_to_input(n);
  if (captured) stage(n, Tensor(g));
  return std::move(g);
}

void Walk::pass_to_joint(Node* n, Tensor&& g) {
  int k;
  std::memcpy(&k, n->attributes, sizeof k);
  Node* joint = n->inside[0];
  if (joint->freed()) was_freed(*n->op, nullptr);
  enqueue(joint);
  Tensor& slot = joint->extra->cotangents[static_cast<std::size_t>(k)];
  slot = slot.defined() ? add_grads(slot, g, create_) : std::move(g);
}

void Walk::visit_joint(Node* n, Tensor&& g) {
  std::vector<Tensor> several;
  std::span<const Tensor> cotangents(&g, 1);
  if (n->extra && !n->extra->cotangents.empty()) {
    several.resize(n->extra->cotangents.size());
    several.swap(n->extra->cotangents);
    cotangents = several;
  }
  std::array<Tensor, 4> few;  // without an allocation
  std::vector<Tensor> many(n->input_count <= 4 ? 0 : static_cast<std::size_t>(n->input_count));
  const std::span<Tensor> dx(many.empty() ? few.data() : many.data(),
                             static_cast<std::size_t>(n->input_count));
  if (n->op->joint.adds && has_large_input(n)) return visit_adding(n, cotangents, dx);
  n->op->joint.run(cotangents, Fn(n), dx);
  for (int i = 0; i < n->input_count; ++i)
    if (wants(n->inputs()[i])) contribute(n, i, cotangents[0], std::move(dx[static_cast<std::size_t>(i)]));
}

/// The same for a rule that adds, whose inputs are few.
[[gnu::noinline]] void Walk::visit_adding(Node* n, std::span<const Tensor> cotangents, std::span<Tensor> dx) {
  std::array<const Node*, 4> sums = {};
  assert(dx.size() <= sums.size());
  for (std::size_t i = 0; i < dx.size(); ++i)
    if (Node* x = n->inputs()[i]; wants(x) && x->numel >= least_added) {
      dx[i] = open_sum(x);
      if (dx[i].defined()) sums[i] = dx[i].node();
    }
  n->op->joint.run(cotangents, Fn(n), dx);
  for (std::size_t i = 0; i < dx.size(); ++i)
    if (wants(n->inputs()[i]) && !(sums[i] && dx[i].defined() && dx[i].node() == sums[i]))
      contribute(n, static_cast<int>(i), cotangents[0], std::move(dx[i]));
}

void Walk::run_leaf_hooks() {
  if (partial_) return;
  const RecordingGuard guard(create_);
  for (std::size_t i = 0; i < staged_.size(); ++i) {
    Node* n = staged_[i].node;
    const bool was_visited = n->op && !(restricted_ && ends_at(n));
    if (was_visited || !n->extra || staged_[i].seen || !staged_[i].grad.defined()) continue;
    if (!restricted_ && n->extra->ready)
      has_all(n);  // what backward began with
    else
      staged_[i].grad = run_hooks(n, std::move(staged_[i].grad));
  }
}

void Walk::commit() {
  const RecordingGuard guard(create_);
  const auto slot = [](Node* n) -> Node*& { return n->op ? n->extra->retained : n->grad; };
  for (auto& [n, g, replacement, seen] : staged_) {
    if (!g.defined()) continue;  // on_ready has taken it away
    if (!slot(n))
      replacement = is_sole_owner(g.node()) ? std::move(g) : g.clone();
    else if (!in_place_ || !is_unique(slot(n)))
      replacement = add_grads(Tensor::share(slot(n)), g, create_);
  }
  for (auto& [n, g, replacement, seen] : staged_) {
    if (replacement.defined())
      replace_gradient(n, replacement.release());
    else if (g.defined())
      add_in_place(slot(n), g);
  }
}

}  // namespace xgrad::detail
