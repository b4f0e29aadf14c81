#pragma once

#include "kernels/loops/simd.hpp"
#include "kernels/loops/vector.hpp"

// The loss of a logit and its slope, of whole registers.

namespace xgrad::detail {

/// max(u, 0) - u v + log(1 + e^-|u|) of a logit u and a target v: |u| times what the target is away from the
/// sign of u, and what is exact in the tails.
struct LogitLoss {
  template <class V>
  V operator()(const V& u, const V& v) const {
    const V length = xsimd::abs(u);
    return simd::mul0(xsimd::select(u > V(0), V(1) - v, v), length) + simd::log1p_to_1(simd::exp(-length));
  }
};

/// sigmoid(u) - v, exact in the tails.
struct LogitSlope {
  template <class V>
  V operator()(const V& u, const V& v) const {
    const V e = simd::exp(-xsimd::abs(u)), large = V(1) / (V(1) + e), small = e * large;
    const auto below = u < V(0);
    return (V(1) - v) * xsimd::select(below, small, large) - v * xsimd::select(below, large, small);
  }
};

}  // namespace xgrad::detail
