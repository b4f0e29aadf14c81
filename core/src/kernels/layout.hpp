#pragma once

#include "node.hpp"

// Kernels that move elements and compute nothing.

namespace xgrad::detail {

/// x broadcast to a shape that it broadcasts to, as a copy.
Tensor repeated(const Tensor& x, const Shape& shape);

}  // namespace xgrad::detail
