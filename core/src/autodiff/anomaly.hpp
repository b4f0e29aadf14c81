#pragma once

#include "tensor/node.hpp"

namespace xgrad::detail {

extern constinit thread_local bool anomaly_mode;

/// Until the end of its scope the values that ops make on this thread are not looked at: of rules, which may
/// make an inf on the way to a product that discards it. What they return is looked at by check_gradient.
class InRules {
 public:
  InRules() : before_(std::exchange(inside_, true)) {}
  ~InRules() { inside_ = before_; }
  InRules(const InRules&) = delete;
  InRules& operator=(const InRules&) = delete;

  static bool inside() { return inside_; }

 private:
  static inline constinit thread_local bool inside_ = false;

  bool before_;
};

/// Keeps the call stack of a node that has just been recorded.
[[gnu::cold]] void keep_call_stack(Node* y);

/// Throws when a rule made a gradient that is not finite from a cotangent that is.
void check_gradient(Node* n, int i, const Tensor& g, const Tensor& dx);

}  // namespace xgrad::detail
