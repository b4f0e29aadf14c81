#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "xgrad/core/tensor.hpp"

namespace xgrad {

/// Takes a hook off again.
class HookHandle {
 public:
  HookHandle() = default;
  HookHandle(std::weak_ptr<void> hooks, std::uint64_t id) : hooks_(std::move(hooks)), id_(id) {}

  /// Removes the hook; does nothing when it is gone, or its tensor is.
  void remove();

 private:
  std::weak_ptr<void> hooks_;
  std::uint64_t id_ = 0;
};

/// Calls `hook` with the summed gradient of x, once in each backward that reaches it. What it returns
/// replaces the gradient; an undefined tensor leaves it as it is. Hooks run in the order in which they were
/// registered. A hook may not write into the gradient it is given, which others share: backward throws Error
/// then, and changes no gradient. Throws Error when x requires no gradient.
HookHandle register_hook(const Tensor& x, std::function<Tensor(const Tensor&)> hook);

/// Calls `hook` with the gradient that a backward gives the leaf as soon as its last contribution has
/// arrived, in the middle of the walk and after the leaf's other hooks: what a reduction among processes, or
/// an optimizer that steps as gradients arrive, waits for. The gradient belongs to this leaf alone: the hook
/// may write into it, replace it, or take it away by `gradient = {}`, after which `.grad()` stays as it is.
/// `.grad()` of all leaves changes at the end of the walk as ever, or not at all when something throws.
/// `grad` calls no such hook, and a leaf that backward does not reach has none to be called. Throws Error for
/// a tensor that is no leaf, or requires no gradient.
HookHandle on_ready(const Tensor& leaf, std::function<void(Tensor& gradient)> hook);

/// Makes backward keep the gradient of a recorded tensor: read it by x.grad(). Leaves always do.
/// Throws Error when x requires no gradient.
void retain_grad(const Tensor& x);

}  // namespace xgrad
