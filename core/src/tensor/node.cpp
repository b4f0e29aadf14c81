#include "tensor/node.hpp"

#include <algorithm>
#include <memory>
#include <new>

#include "tensor/errors.hpp"
#include "tensor/sizes.hpp"

namespace xgrad::detail {
namespace {

// Nodes whose last link is gone, linked through their data pointers: tearing a chain down must not recurse.
constinit thread_local Node* dying = nullptr;
constinit thread_local bool tearing_down = false;

void free_node_block(Node* n) noexcept {
  const std::uint16_t c = n->block_class;
  n->~Node();
  give_block(n, c);
}

void drop_value(Node* n) noexcept {
  if (!n->buffer || n->buffer == &n->own) return;
  drop(std::exchange(n->buffer, nullptr));
}

void tear_down(Node* n) noexcept {
  release_history(n);
  drop_value(n);
  if (n->grad) {
    if (n->op)
      drop_handle(std::exchange(n->grad, nullptr));  // a cotangent
    else
      replace_gradient(n, nullptr);
  }
  delete std::exchange(n->extra, nullptr);
  if (n->own.memory == Memory::node)
    drop(&n->own);  // frees the block, unless a reshape or a detached handle shares the elements
  else
    free_node_block(n);
}

/// The header of bytes that lie elsewhere; `release` is called once, when nobody needs them any more.
struct ForeignBuffer : Buffer {
  void* data;
  std::function<void(void*)> release;

  explicit ForeignBuffer(void* at) : data(at) { memory = Memory::foreign; }
  ForeignBuffer(const ForeignBuffer&) = delete;
  ForeignBuffer& operator=(const ForeignBuffer&) = delete;
  ~ForeignBuffer() {
    if (release) release(data);
  }
};

Node* node_of(Buffer* own) {
  return static_cast<Node*>(
      reinterpret_cast<Value*>(reinterpret_cast<std::byte*>(own) - offsetof(Value, own)));
}

}  // namespace

void free_buffer(Buffer* b) noexcept {
  switch (b->memory) {
    case Memory::node:
      return free_node_block(node_of(b));
    case Memory::block:
      return give_block(b, b->size_class);
    case Memory::foreign:
      delete static_cast<ForeignBuffer*>(b);
  }
}

namespace {

/// Frees what has a history, a gradient or elements elsewhere.
[[gnu::noinline]] void release_fully(Node* n) noexcept {
  n->data = std::exchange(dying, n);
  if (tearing_down) return;
  tearing_down = true;
  while (dying) {
    Node* next = dying;
    dying = static_cast<Node*>(next->data);
    tear_down(next);
  }
  tearing_down = false;
}

[[gnu::noinline]] void release_value_elsewhere(Node* n) noexcept {
  const bool kept_for_rules = n->op && n->input_count != 0 && n->keeps_value();
  if (!kept_for_rules) drop_value(n);
  drop_link(n);
}

}  // namespace

// The way of most temporaries has nothing but calls at its end, so that it saves no registers.

void release_node(Node* n) noexcept {
  const bool plain = n->input_count == 0 && !n->grad && !n->extra && n->shape.inside();
  if (!plain || n->buffer != &n->own) return release_fully(n);
  if (n->own.owners.down()) give_block(n, n->block_class);
}

void release_value(Node* n) noexcept {
  if (n->buffer != &n->own) return release_value_elsewhere(n);
  if (n->links.down()) release_node(n);
}

void release_history(Node* n) noexcept {
  if (n->input_count == 0) return;
  count_live_nodes(-1);
  Node** inputs = n->inputs();
  const bool all_kept = (n->kept & keep::every_x) == keep::every_x;
  for (int i = 0; i < n->input_count; ++i) {
    Node* x = std::exchange(inputs[i], nullptr);
    if (!x) continue;
    if (all_kept || (i < 31 && (n->kept >> i & 1)))
      drop_handle(x);
    else
      drop_link(x);
  }
  if (n->input_count > 3) {
    std::uint64_t* block = reinterpret_cast<std::uint64_t*>(n->outside) - 1;
    give_block(block, static_cast<std::uint16_t>(*block));
  }
  n->input_count = 0;
  if (n->extra) n->extra->outputs.clear(), n->extra->state.reset();
  if (n->keeps_value() && n->handles.get() == 0) drop_value(n);
}

void replace_gradient(Node* n, Node* grad) noexcept {
  Node*& slot = n->op ? n->extra->retained : n->grad;
  Node* old = std::exchange(slot, grad);
  if (!n->op) {
    const int more = (grad && grad->op) - (old && old->op);
    if (more != 0) recorded_gradients += more;
  }
  if (old) drop_handle(old);
}

Extra& extra_of(Node* n) {
  if (!n->extra) n->extra = new Extra;
  return *n->extra;
}

void check_extent(const Shape& shape) {
  if (extent_of(shape) <= most_elements &&
      std::all_of(shape.begin(), shape.end(), [](auto n) { return n >= 0; }))
    return;
  throw Error("allocation: too many elements: the shape is " + shape.str() + holds_fewer);
}

Tensor new_large_tensor(const Shape& shape, DType dtype, std::int64_t numel) {
  const std::size_t bytes = static_cast<std::size_t>(numel) * static_cast<std::size_t>(size_of(dtype));
  Buffer* b = new_buffer((bytes + line - 1) / line * line);
  Node* n;
  try {
    n = new_node(0, dtype, shape, numel);
  } catch (...) {
    drop(b);
    throw;
  }
  n->buffer = b;
  n->data = data_of(b);
  return Tensor::adopt(n);
}

Tensor new_foreign_tensor(void* data, bool read_only, const Shape& shape, DType dtype,
                          std::function<void(void*)> release) {
  auto buffer = std::make_unique<ForeignBuffer>(data);
  Node* n = new_node(0, dtype, shape, shape.numel());
  buffer->read_only = read_only;
  buffer->release =
      std::move(release);  // nothing has thrown: the memory is no longer the caller's to release
  n->buffer = buffer.release();
  n->data = data;
  return Tensor::adopt(n);
}

namespace {

[[gnu::noinline]] Tensor new_of_any_size(const Node* like) {
  return new_tensor(like->shape, like->dtype, like->numel);
}

}  // namespace

Tensor new_like(const Tensor& x) {
  const Node* like = x.node();
  // A small tensor says how large a block is taken; with nothing to call, no register is saved either.
  if (like->buffer != &like->own || !like->shape.inside() || !has_block(like->block_class)) [[unlikely]]
    return new_of_any_size(like);
  void* block = take_block(like->block_class);
  return with_elements_inside(new (block) Node(like->dtype, like->shape, like->numel, like->block_class));
}

Tensor new_view(const Tensor& x, const Shape& shape, std::int64_t first) {
  Node* n = new_node(0, x.dtype(), shape, shape.numel());
  n->buffer = x.node()->buffer;
  n->buffer->owners.up();
  n->data = static_cast<std::byte*>(x.node()->data) + first * size_of(x.dtype());
  if (x.node()->copy_of == CopyOf::part_in_list) n->copy_of = CopyOf::part_in_list;
  return Tensor::adopt(n);
}

}  // namespace xgrad::detail
