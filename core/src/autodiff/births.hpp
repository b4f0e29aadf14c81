#pragma once

#include <algorithm>
#include <vector>

#include "autodiff/node_map.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::detail {

/// Remembers which nodes are recorded on this thread while it lives, those of op's inner calls too. Logs
/// nest, and all of them remember. A node that has died is remembered by its address, at which only another
/// node of this log can have been made.
class Births {
 public:
  Births();
  ~Births();
  Births(const Births&) = delete;
  Births& operator=(const Births&) = delete;

  bool contain(const Node* n) const { return nodes_.find(n) != nullptr; }

 private:
  friend void log_birth(const Node* n);

  NodeMap nodes_;
  Births* outer_;
};

[[gnu::cold]] void log_birth(const Node* n);

/// What one call of the function has recorded.
struct Segment {
  std::vector<Tensor> captured;  ///< what it was computed from apart from its inputs, each once
  std::size_t fingerprint = 0;   ///< of its value, and of the constants that its rules read

  friend bool operator==(const Segment& a, const Segment& b) {
    const auto node_of = [](const Tensor& x) { return x.node(); };
    return a.fingerprint == b.fingerprint && std::ranges::equal(a.captured, b.captured, {}, node_of, node_of);
  }
};

/// The way from y back to what was there before the call, whose nodes are `births`. Throws Error in the name
/// of `op` where the function has let go of a part of it.
Segment segment_of(const char* op, const Tensor& y, const std::vector<Tensor>& inputs, const Births& births);

}  // namespace xgrad::detail
