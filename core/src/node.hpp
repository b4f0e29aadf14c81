#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "xgrad/core/tape.hpp"

namespace xgrad::detail {

/// What only few nodes have.
struct Extra {
  std::shared_ptr<void> state;     ///< of a custom op
  std::vector<Tensor> outputs;     ///< of an op with several: their values without history
  std::vector<Tensor> cotangents;  ///< of the same, during a walk
  std::vector<std::pair<std::uint64_t, std::function<Tensor(const Tensor&)>>> hooks;
  bool retain_grad = false;
  Tensor retained;  ///< the gradient of a recorded tensor that asked to keep it
};

Extra& extra_of(Node* n);

void count_live_nodes(int change) noexcept;

/// A new tensor with uninitialised elements.
Tensor new_tensor(const Shape& shape, DType dtype);
inline Tensor new_like(const Tensor& x) { return new_tensor(x.shape(), x.dtype()); }

/// A new tensor that shares x's buffer from an element on, without history.
Tensor new_view(const Tensor& x, const Shape& shape, std::int64_t first = 0);

/// Lets go of inputs and kept values: the node can no longer be walked.
void release_history(Node* n) noexcept;

/// True when nobody else can see this tensor's elements or its node, so that they may be overwritten.
inline bool is_unique(const Node* n) {
  return n->handles.get() == 1 && n->links.get() == 1 && n->buffer->owners.get() == 1 && n->op == nullptr;
}

/// True when no other handle and no other tensor shares its elements.
inline bool is_sole_owner(const Node* n) { return n->handles.get() == 1 && n->buffer->owners.get() == 1; }

/// Pointer to the elements, for kernels; the caller knows the type.
template <class T>
T* ptr(const Tensor& x) {
  return static_cast<T*>(x.node()->data);
}

}  // namespace xgrad::detail
