#pragma once

#include "node.hpp"

namespace xgrad::detail {

/// The gradient g of n as its hooks leave it. Throws Error when one returns another shape or dtype.
Tensor run_hooks(Node* n, Tensor g);

}  // namespace xgrad::detail
