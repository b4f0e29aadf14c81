#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "tensor/errors.hpp"
#include "tensor/pool.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::detail {

struct Hook {
  std::uint64_t id;
  std::function<void(Tensor&)> run;  ///< changes the gradient
  bool removed = false;
};
using Hooks = std::vector<std::shared_ptr<Hook>>;

extern constinit std::atomic<std::int64_t> ready_leaves;  ///< alive leaves on which on_ready was called

/// A place in a ring.
struct RingLink {
  RingLink *before = this, *behind = this;

  RingLink() = default;
  RingLink(const RingLink&) = delete;
  RingLink& operator=(const RingLink&) = delete;
  ~RingLink() { leave(); }

  void enter(RingLink& ring) {
    before = &ring, behind = ring.behind;
    behind->before = ring.behind = this;
  }
  void leave() {
    before->behind = behind, behind->before = before;
    before = behind = this;
  }
};

/// What a pass of forward mode knows of a tensor: its tangents in each of the pass's directions. In the ring
/// of the pass, which lets go of them at its end: recorded tangents hold the tensor.
struct Tangents : RingLink {
  std::uint64_t pass = 0;
  std::vector<Tensor> along;  ///< undefined where it is 0
};

/// What only few nodes have.
struct Extra {
  std::shared_ptr<void> state;       ///< of a custom op's call
  std::shared_ptr<void> definition;  ///< of a custom op: what `op` points into
  std::vector<Tensor> outputs;       ///< of an op with several: their values without history
  std::vector<std::uint32_t> output_versions;
  std::vector<Tensor> cotangents;  ///< of the same, during a walk
  std::shared_ptr<Hooks> hooks;    ///< shared with their handles
  std::shared_ptr<Hooks> ready;    ///< the same of a leaf's on_ready
  std::vector<void*> call_stack;   ///< of the call that recorded the node, in anomaly mode
  bool counted_ready = false;      ///< in ready_leaves
  bool retain_grad = false;
  std::vector<std::unique_ptr<Tangents>> tangents;  ///< of the passes of forward mode that have reached it
  Node* retained = nullptr;                         ///< the gradient of a recorded tensor that retains it

  Extra() = default;
  Extra(const Extra&) = delete;
  Extra& operator=(const Extra&) = delete;
  ~Extra() {
    if (retained) drop_handle(retained);
    if (counted_ready) --ready_leaves;
  }
};

Extra& extra_of(Node* n);

static_assert(sizeof(Node) == 192, "a small tensor and its node fill whole cache lines");

inline constexpr std::size_t small_bytes = 1024;  ///< values up to here lie behind their node

/// Fetches the lines of a small tensor and its node from far memory; any pointer will do.
inline void prefetch_node(const Node* n) {
  for (std::size_t at = 0; at <= sizeof(Node); at += line)
    __builtin_prefetch(reinterpret_cast<const std::byte*>(n) + at, 1);
}

/// A new node of one block, with room for `behind` bytes of elements.
inline Node* new_node(std::size_t behind, DType dtype, const Shape& shape, std::int64_t numel) {
  std::uint16_t c;
  void* block = take_block(sizeof(Node) + behind, c);
  return new (block) Node(dtype, shape, numel, c);
}

static_assert(class_of((most_elements * 8 + static_cast<std::int64_t>(sizeof(Buffer))) / line + 2) <
              class_count);
/// Throws Error for sizes whose product, apart from those that are 0, is more than a tensor can have.
void check_extent(const Shape& shape);

/// A new tensor with uninitialised elements, whose buffer is a block of its own.
Tensor new_large_tensor(const Shape& shape, DType dtype, std::int64_t numel);

/// A new tensor of elements that lie in memory that is not ours.
Tensor new_foreign_tensor(void* data, bool read_only, const Shape& shape, DType dtype,
                          std::function<void(void*)> release);

/// The handle of a new node whose elements lie behind it.
inline Tensor with_elements_inside(Node* n) {
  n->own.memory = Memory::node;
  n->buffer = &n->own;
  n->data = n + 1;
  return Tensor::adopt(n);
}

/// A new tensor with uninitialised elements; numel is the shape's.
inline Tensor new_tensor(const Shape& shape, DType dtype, std::int64_t numel) {
  const std::size_t bytes = static_cast<std::size_t>(numel) * static_cast<std::size_t>(size_of(dtype));
  if (bytes > small_bytes) return new_large_tensor(shape, dtype, numel);
  Node* n = new_node((bytes + line - 1) / line * line, dtype, shape, numel);
  return with_elements_inside(n);
}
inline Tensor new_tensor(const Shape& shape, DType dtype) {
  std::int64_t n = 1;
  bool wraps = false;
  for (std::int64_t size : shape) wraps |= __builtin_mul_overflow(n, size, &n);
  if (wraps || static_cast<std::uint64_t>(n) - 1 >= most_elements) [[unlikely]]
    check_extent(shape);  // which an empty shape may pass
  return new_tensor(shape, dtype, n);
}
/// The same with x's shape and dtype.
Tensor new_like(const Tensor& x);

/// A new tensor that shares x's buffer from an element on, without history.
Tensor new_view(const Tensor& x, const Shape& shape, std::int64_t first = 0);

/// Puts a gradient, or none, in the place of the one that a leaf, or a recorded tensor that retains it, has.
void replace_gradient(Node* n, Node* grad) noexcept;

/// A result that is a copy of a part of another tensor, marked so: see CopyOf.
inline Tensor copied_part(Tensor y) {
  y.node()->copy_of = CopyOf::part;
  return y;
}

/// The same result where it is no part of what the user has, but all of what an op computed.
inline Tensor whole_result(Tensor y) {
  y.node()->copy_of = CopyOf::nothing;
  return y;
}

/// Lets go of inputs and kept values: the node can no longer be walked.
void release_history(Node* n) noexcept;

/// True when no other handle and no other tensor shares its elements, and they lie in memory of ours.
inline bool is_sole_owner(const Node* n) {
  return n->handles.get() == 1 && n->buffer->owners.get() == 1 && n->buffer->memory != Memory::foreign;
}

/// True when nobody else can see this tensor's elements or its node, so that they may be overwritten.
inline bool is_unique(const Node* n) { return is_sole_owner(n) && n->links.get() == 1 && n->op == nullptr; }

/// Pointer to the elements, for kernels; the caller knows the type.
template <class T>
T* ptr(const Tensor& x) {
  return static_cast<T*>(x.node()->data);
}

}  // namespace xgrad::detail
