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
  bool queued = false;  ///< of the Record, as is output_of_joint: the innermost walk has reached the node
  std::uint16_t block_class;
  bool requires_grad = false;
  CopyOf copy_of = CopyOf::nothing;
  std::uint8_t layer : 7 = 0;        ///< the kind of layer that made it, 0 for none: see parameter.hpp
  bool output_of_joint : 1 = false;  ///< one of several outputs: its only input is the node that they share
  std::uint8_t roll = 0;             ///< whether a list of parameters names it: see parameter.hpp

  Value(DType t, const Shape& s, std::int64_t elements, std::uint16_t size_class)
      : numel(elements), shape(s), dtype(t), block_class(size_class) {}
};

/// Where a node stands in a list of nodes: what a walk knows of it lies there.
///
/// Any thread that walks over the node may write it, and what it finds may be another walk's or nothing at
/// all: it holds only if the list has the node there, so nobody has to clear it.
class ListPlace {
 public:
  std::uint32_t get() const { return __atomic_load_n(&at_, __ATOMIC_RELAXED); }
  void set(std::size_t at) { __atomic_store_n(&at_, static_cast<std::uint32_t>(at), __ATOMIC_RELAXED); }

 private:
  std::uint32_t at_ = 0;
};

/// The call that made a recorded tensor: its place in the graph. Two of its flags fill gaps of Value.
struct Record {
  const Op* op = nullptr;   ///< null for a leaf
  Extra* extra = nullptr;   ///< what few nodes have: hooks, state of a custom op, several outputs
  std::uint32_t stamp = 0;  ///< one more than the largest stamp of its inputs: orders backward
  ListPlace place;          ///< in the list of the walk that has written it
  int input_count = 0;      ///< 0 in leaves, and once backward has walked it and let the graph go

  // Uninitialised in leaves.
  std::uint32_t kept;  ///< bit i: the value of input i is held; the last: its rules read its own value
  std::uint32_t value_version;
  std::uint32_t versions[3];
  union {
    Node* inside[3];  ///< inputs; null where a constant is not kept
    Node** outside;   ///< more than three: inputs, and behind them their versions
  };
  alignas(8) std::byte attributes[24];

  Node** inputs() { return input_count <= 3 ? inside : outside; }
  /// Backward has walked it and let the graph go.
  bool freed() const { return op && input_count == 0; }
  bool keeps_value() const { return kept >> 31; }
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
