#pragma once

#include <cstddef>
#include <cstdint>

#include "xgrad/core/buffer.hpp"
#include "xgrad/core/shape.hpp"

namespace xgrad {

namespace detail {

struct Node;
struct Op;
struct Extra;

/// Whether a tensor is a copy of a part of another one, so that a write to it does not reach that one.
enum class CopyOf : std::uint8_t {
  nothing,       ///< its elements are its own, or shared with what they are a part of
  part,          ///< a write to it is lost while it is a temporary
  part_in_list,  ///< the same as one of several in a list, of which nothing says whether it is temporary
};

/// The elements of a tensor, and who needs them.
///
/// Two counts: `handles` are those who may read the value (users, and rules that declared it), `links` are
/// those who need the node (its consumers, plus one while there is any handle). The value goes with the last
/// handle, the node with the last link.
struct Value {
  Count handles{1};
  Count links{1};
  void* data;
  Buffer* buffer;  ///< null when the value is gone
  std::int64_t numel;
  [[no_unique_address]] Shape shape;  // whose last bytes are room for `own`
  Buffer own;                         ///< the buffer of a small tensor, its bytes right behind this node
  DType dtype;
  std::uint16_t block_class;
  bool requires_grad = false;
  CopyOf copy_of = CopyOf::nothing;
  std::uint8_t layer = 0;  ///< the kind of layer that made it, 0 for none: see parameter.hpp
  std::uint8_t roll = 0;   ///< whether a list of parameters names it: the same

  Value(DType t, const Shape& s, std::int64_t elements, std::uint16_t size_class)
      : numel(elements), shape(s), dtype(t), block_class(size_class) {}
};

/// The call that made a recorded tensor: its place in the graph.
struct Record {
  const Op* op = nullptr;        ///< null for a leaf
  Extra* extra = nullptr;        ///< what few nodes have: hooks, state of a custom op, several outputs
  std::uint32_t stamp = 0;       ///< one more than the largest stamp of its inputs: orders backward
  bool freed = false;            ///< backward has walked it and let the graph go
  bool keeps_value = false;      ///< one of its rules reads its own value
  bool output_of_joint = false;  ///< one of several outputs: its only input is the node that they share
  bool queued = false;           ///< of the innermost walk: it has reached the node
  int input_count = 0;

  // Uninitialised in leaves.
  std::uint32_t kept;  ///< bit i: the value of input i is held
  std::uint32_t value_version;
  std::uint32_t versions[3];
  union {
    Node* inside[3];  ///< inputs; null where a constant is not kept
    Node** outside;   ///< more than three: inputs, and behind them their versions
  };
  alignas(8) std::byte attributes[24];

  Node** inputs() { return input_count <= 3 ? inside : outside; }
};

/// A tensor and its place in the graph, in one block; small values lie behind it in the same block.
struct alignas(line) Node : Value, Record {
  Node* grad = nullptr;  ///< leaf: `.grad()`; recorded: the cotangent that the innermost walk has gathered

  using Value::Value;
};

void release_value(Node* n) noexcept;  // the last handle is gone
void release_node(Node* n) noexcept;   // the last link is gone

inline void drop_link(Node* n) noexcept {
  if (n->links.down()) release_node(n);
}
[[gnu::always_inline]] inline void add_handle(Node* n) noexcept {
  if (n->handles.up() == 0) n->links.up();
}
inline void drop_handle(Node* n) noexcept {
  if (n->handles.down()) release_value(n);
}

}  // namespace detail

}  // namespace xgrad
