#include "hooks.hpp"

#include <atomic>

#include "errors.hpp"
#include "xgrad/core/hooks.hpp"

namespace xgrad {

using namespace detail;

namespace detail {

Tensor run_hooks(Node* n, Tensor g) {
  if (!n->extra->hooks) return g;
  const Hooks hooks = *n->extra->hooks;  // a hook may remove itself or others, and register more
  for (const auto& hook : hooks) {
    if (hook->removed) continue;
    const Unwritten guard(g);
    Tensor changed = hook->run(g);
    guard.check("register_hook", "hook");
    if (!changed.defined()) continue;
    if (!(changed.shape() == g.shape()) || changed.dtype() != g.dtype())
      fail("register_hook", "the hook must return a gradient of the same shape and dtype: it took " +
                                g.describe() + " and returned " + changed.describe());
    g = std::move(changed);
  }
  return g;
}

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
  static std::atomic<std::uint64_t> next_id = 1;
  if (!x.requires_grad())
    fail("register_hook", "the tensor requires no gradient, so the hook would never run: x is " +
                              x.describe() + "; call requires_grad_() on it first");
  if (!hook)
    fail("register_hook", "the hook is empty; pass a function of the gradient: x is " + x.describe());
  Extra& extra = extra_of(x.node());
  if (!extra.hooks) extra.hooks = std::make_shared<Hooks>();
  const std::uint64_t id = next_id++;
  extra.hooks->push_back(std::make_shared<Hook>(Hook{id, std::move(hook)}));
  return {extra.hooks, id};
}

void retain_grad(const Tensor& x) {
  if (!x.requires_grad())
    fail("retain_grad", "the tensor requires no gradient, so there is none to keep: x is " + x.describe() +
                            "; call requires_grad_() on it first");
  if (!x.is_leaf()) extra_of(x.node()).retain_grad = true;
}

}  // namespace xgrad
