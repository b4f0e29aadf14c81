#pragma once

#include "ops/reduce/reduce.hpp"
#include "ops/support/accumulate.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/tape.hpp"

// What rules of forward mode share.

namespace xgrad::detail {

/// Adds to a sum whose parts may all be absent.
inline void add_part(Tensor& sum, const Tensor& part) { sum = sum.defined() ? sum + part : part; }

/// The tangent of a reduction, each of whose outputs is made of elements of its own: their slopes, which the
/// vjp rule gives for ones, times their tangents, summed.
inline Tensor summed_jvp(Fn f, AxisBits axes) {
  const Tensor y = f.y(), slopes = f.node()->op->vjp[0].run(ones_of(y.shape(), y.dtype()), f);
  return with_shape(sum_over(mul0(f.t(0), slopes), axes, true), y.shape());
}
template <class A>
Tensor summed_jvp_along(Fn f) {
  return summed_jvp(f, AxisBits{1} << f.attributes<A>().axis);
}

}  // namespace xgrad::detail
