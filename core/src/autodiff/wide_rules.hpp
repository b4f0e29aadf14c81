#pragma once

#include <cstdint>
#include <span>

#include "autodiff/listen.hpp"

namespace xgrad::detail {

/// [directions, ones..., shape...].
Shape with_directions(std::int64_t directions, const Shape& shape, int ones = 0);

/// t[directions, ...] broadcast to [directions, shape...].
Tensor broadcast_wide(const Tensor& t, const Shape& shape);

/// The tangents of the output of an op that moves elements, adds them up or multiplies, in several directions
/// at once, which are an axis more; undefined for an op, or a case of one, that is not among these.
Tensor pushed_by_wide_rule(const Heard& call, std::span<const Tensor> tangents, std::int64_t directions);

}  // namespace xgrad::detail
