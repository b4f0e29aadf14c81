#pragma once

#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// The same value without a tape, and with the tangents that it has in forward mode; shares the elements.
Tensor without_tape(const Tensor& x);
/// A leaf of this value, with the tangents that it has.
Tensor leaf_of(const Tensor& x);

}  // namespace xgrad::detail
