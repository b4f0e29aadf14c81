#pragma once

#include <cstdint>
#include <vector>

#include "autodiff/listen.hpp"

namespace xgrad::detail {

/// The tangents of a call's outputs in several directions at once, which are the first axis of each tangent:
/// [directions, ...]. Elementwise rules broadcast over that axis, products and what moves elements take it as
/// one more, and for all others the directions are pushed one by one.
std::vector<Tensor> push_wide(const Heard& call, std::span<const Tensor> tangents, std::int64_t directions);

}  // namespace xgrad::detail
