#pragma once

#include "tensor/node.hpp"

namespace xgrad::detail {

extern constinit thread_local bool anomaly_mode;

/// Keeps the call stack of a node that has just been recorded, and throws when its value is the first that is
/// not finite: when its inputs are.
void watch_recording(Node* y, std::span<const Ref> inputs);

/// Throws when a rule made a gradient that is not finite from a cotangent that is.
void check_gradient(Node* n, int i, const Tensor& g, const Tensor& dx);

}  // namespace xgrad::detail
