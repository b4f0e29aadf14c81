#pragma once

#include "kernels/loops/frame.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// x with a value around the planes of its last two axes, in one pass where axis by axis takes two.
Tensor pad_plane(const Tensor& x, const Frame& by, Scalar value);

}  // namespace xgrad::detail
