#pragma once

#include <span>

#include "tensor/node.hpp"

namespace xgrad::detail {

/// A call whose tangents are computed, as its rules see it by a node that stands for it while they run.
struct Pushed {
  std::span<const Ref> inputs;  ///< all of them, with the op's scratch
  std::span<const Tensor> outputs;
  std::span<const Tensor> tangents;  ///< of the inputs; undefined ones are 0
};

/// The node through which rules see a call.
inline void stand_for(Node& n, const Op& op, const Pushed& call, const void* attributes) {
  n.op = &op;
  n.input_count = -1;
  std::memcpy(n.attributes, attributes, sizeof n.attributes);
  const Pushed* at = &call;
  std::memcpy(&n.inside[0], &at, sizeof at);
}

/// The call that n stands for; null for a node of the graph.
inline const Pushed* pushed(const Node* n) {
  if (n->input_count >= 0) [[likely]]
    return nullptr;
  const Pushed* call;
  std::memcpy(&call, &n->inside[0], sizeof call);
  return call;
}

}  // namespace xgrad::detail
