#pragma once

#include "tensor/node.hpp"

namespace xgrad::detail {

/// The gradient g of n as its hooks leave it. Throws Error when one returns another shape or dtype, or writes
/// into g.
Tensor run_hooks(Node* n, Tensor g);

/// Calls what waits for the leaf's gradient g of this walk. Throws Error when it leaves another shape or
/// dtype.
void run_ready(Node* n, Tensor& g);

/// A cotangent while the user's code has it: others hold it too, so that a write into it would change their
/// gradients.
class Unwritten {
 public:
  explicit Unwritten(const Tensor& g) : g_(g), version_(g.node()->buffer->version) {}

  /// Throws Error, which names the op and what of it had the cotangent, when it has been written.
  void check(const char* op, const char* who) const {
    if (g_.node()->buffer->version != version_) was_written(op, who);
  }

 private:
  [[noreturn]] void was_written(const char* op, const char* who) const;

  const Tensor g_;
  std::uint32_t version_;
};

}  // namespace xgrad::detail
