#pragma once

#include <vector>

#include "autodiff/listen.hpp"

namespace xgrad::detail {

/// The tangents of a call's outputs from those of its inputs, scratch included; undefined ones are 0. By what
/// the op says of itself in `jvp`: see Jvp.
std::vector<Tensor> push(const Heard& call, std::span<const Tensor> tangents);

/// Whether push takes two reverse passes for this op.
bool pushes_by_reverse(const Op& op);

}  // namespace xgrad::detail
