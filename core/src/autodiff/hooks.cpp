#include "autodiff/hooks.hpp"

#include <atomic>

#include "tensor/errors.hpp"
#include "xgrad/core/hooks.hpp"
#include "xgrad/core/host_action.hpp"

namespace xgrad {

using namespace detail;

namespace detail {

constinit std::atomic<std::int64_t> ready_leaves = 0;

namespace {

void run_all(const std::shared_ptr<Hooks>& list, Tensor& g) {
  if (!list) return;
  if (!list->empty()) refuse_capture("hook", "a hook runs, which a replay would not call");
  const Hooks hooks = *list;  // a hook may remove itself or others, and register more
  for (const auto& hook : hooks)
    if (!hook->removed && g.defined()) hook->run(g);
}

void check_same_kind(const char* op, const Tensor& given, const Tensor& returned) {
  if (!(returned.shape() == given.shape()) || returned.dtype() != given.dtype())
    fail(op, "the hook must return a gradient of the same shape and dtype: it took " + given.describe() +
                 " and returned " + returned.describe());
}

HookHandle add_to(std::shared_ptr<Hooks>& list, std::function<void(Tensor&)> run) {
  static std::atomic<std::uint64_t> next_id = 1;
  if (!list) list = std::make_shared<Hooks>();
  const std::uint64_t id = next_id++;
  list->push_back(std::make_shared<Hook>(Hook{id, std::move(run)}));
  return {list, id};
}

void check_hook(const char* op, const Tensor& x, bool is_empty) {
  if (!x.requires_grad(op))
    fail(op, "the tensor requires no gradient, so the hook would never run: x is " + x.describe() +
                 "; call requires_grad_() on it first");
  if (is_empty) fail(op, "the hook is empty; pass a function of the gradient: x is " + x.describe());
}

}  // namespace

Tensor run_hooks(Node* n, Tensor g) {
  run_all(n->extra->hooks, g);
  return g;
}

void run_ready(Node* n, Tensor& g) { run_all(n->extra->ready, g); }

void Unwritten::was_written(const char* op, const char* who) const {
  fail(op, std::string("the ") + who +
               " wrote into the gradient that it was given, which others share: it is " + g_.describe() +
               "; compute a new tensor from it, or write into a clone()");
}

}  // namespace detail

void HookHandle::remove() {
  if (const auto hooks = std::static_pointer_cast<Hooks>(hooks_.lock()))
    std::erase_if(*hooks, [this](const auto& hook) { return hook->id == id_ && (hook->removed = true); });
}

HookHandle register_hook(const Tensor& x, std::function<Tensor(const Tensor&)> hook) {
  check_hook("register_hook", x, !hook);
  return add_to(extra_of(x.node()).hooks, [f = std::move(hook)](Tensor& g) {
    const Unwritten guard(g);
    Tensor changed = f(g);
    guard.check("register_hook", "hook");
    if (!changed.defined()) return;
    check_same_kind("register_hook", g, changed);
    g = std::move(changed);
  });
}

HookHandle on_ready(const Tensor& leaf, std::function<void(Tensor&)> hook) {
  check_hook("on_ready", leaf, !hook);
  if (!leaf.is_leaf())
    fail("on_ready", std::string("only leaves get a gradient that stays: this is the result of ") +
                         leaf.op_name() + ", " + leaf.describe() + "; use register_hook()");
  Extra& extra = extra_of(leaf.node());
  HookHandle handle = add_to(extra.ready, [f = std::move(hook)](Tensor& g) {
    const Tensor given = g;
    f(g);
    if (g.defined()) check_same_kind("on_ready", given, g);
  });
  if (!std::exchange(extra.counted_ready, true)) ++ready_leaves;
  return handle;
}

void retain_grad(const Tensor& x) {
  if (!x.requires_grad("retain_grad"))
    fail("retain_grad", "the tensor requires no gradient, so there is none to keep: x is " + x.describe() +
                            "; call requires_grad_() on it first");
  if (!x.is_leaf()) extra_of(x.node()).retain_grad = true;
}

}  // namespace xgrad
