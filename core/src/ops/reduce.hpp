#pragma once

#include "ops/axes.hpp"
#include "xgrad/core/tape.hpp"

// What the rules of reductions have in common. All are made of ops, so that they can be differentiated.

namespace xgrad::detail {

/// A reduced tensor with its reduced axes of size 1 in place: it broadcasts to `shape`.
Tensor kept(const Tensor& g, const Shape& shape, AxisBits axes);

/// A reduced tensor, with or without its axes of size 1, repeated over the reduced axes: back to `shape`.
Tensor spread(const Tensor& g, const Shape& shape, AxisBits axes);

/// The sum over these axes, and the mean.
Tensor sum_over(const Tensor& x, AxisBits axes, bool keepdim);
Tensor mean_over(const Tensor& x, AxisBits axes, bool keepdim);

/// The rule of a choice of one element by its value y, over the axes that are the attribute: the cotangent is
/// shared equally among the elements that equal y, or among the nans. Reads input 0 and the output.
Tensor ties_vjp(const Tensor& g, Fn f);

/// The rule of choices along the axis that is the attribute: the cotangents go to the places that input 1
/// holds.
Tensor chosen_vjp(const Tensor& g, Fn f);

/// A tensor whose axis `axis` holds what several axes held.
struct Joined {
  Tensor x;
  int axis;
};

/// x with these axes made one: by a reshape where they are neighbours, else behind the other axes, by a copy.
Joined join_axes(const Tensor& x, AxisBits axes);

/// y in a shape of as many elements.
Tensor with_shape(Tensor y, const Shape& shape);

/// norm, with errors under the name of the function that was called.
Tensor norm_as(const char* name, const Tensor& x, double p, const Axes& axes, bool keepdim = false);

}  // namespace xgrad::detail
