#pragma once

#include <array>

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
#include "kernels/loops/work.hpp"
#include "ops/support/axes.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/ops/reduce.hpp"

// What reductions have in common. Rules are made of ops, so that they can be differentiated.

namespace xgrad::detail {

/// A reduced tensor with its reduced axes of size 1 in place: it broadcasts to `shape`.
Tensor kept(const Tensor& g, const Shape& shape, AxisBits axes);

/// A reduced tensor, with or without its axes of size 1, repeated over the reduced axes: back to `shape`.
Tensor spread(const Tensor& g, const Shape& shape, AxisBits axes);

/// The sum over these axes, and the mean.
Tensor sum_over(const Tensor& x, AxisBits axes, bool keepdim);
Tensor mean_over(const Tensor& x, AxisBits axes, bool keepdim);

inline constexpr Kernel divide_kernel = {.name = "divide", .elementwise = true};  ///< sums, to means

/// Divides the elements of a sum, where they stand.
template <class T>
void divide_by(const Tensor& sums, T n) {
  launch(divide_kernel, {.bytes = sums.numel() * bytes_of<T, T>}, sums.numel(),
         [p = ptr<T>(sums), n](std::int64_t first, std::int64_t last) {
           const T divisor = n;  // which no element can be, so that the loop need not read it again
           for (std::int64_t i = first; i < last; ++i) p[i] /= divisor;
         });
}

/// The rule of a choice of one element by its value y, over the axes of the attributes Reduced: the cotangent
/// is shared equally among the elements that equal y, or among the nans. Reads input 0 and the output.
Tensor ties_vjp(const Tensor& g, Fn f);

/// The same in forward mode.
Tensor ties_jvp(Fn f);

/// The cotangents of choices along an axis, at the places that input 1 holds, with the axis or without it.
Tensor at_chosen(const Tensor& g, Fn f, int axis);

/// The rule of choices along the axis of the attributes A.
template <class A>
Tensor chosen_vjp(const Tensor& g, Fn f) {
  return at_chosen(g, f, f.attributes<A>().axis);
}

/// The same in forward mode: the tangents of the choices, and none of the places.
std::vector<Tensor> tangents_of_chosen(Fn f, int axis);
template <class A>
std::vector<Tensor> chosen_jvp(Fn f) {
  return tangents_of_chosen(f, f.attributes<A>().axis);
}

/// The attributes of a choice along one axis.
struct Chosen {
  int axis;
  bool keepdim;
  void fields(auto&& field) const { field("axis", axis), field("keepdim", keepdim); }
};

/// Choices along an axis without that axis, which is of size 1; both tensors are fresh.
ValuesAndIndices without(ValuesAndIndices y, int axis);

/// The door of choices along an axis: the values are recorded, with the places as input 1, and both outputs
/// are told.
template <class A>
ValuesAndIndices record_chosen(const Op& op, const Tensor& x, ValuesAndIndices y, const A& attributes) {
  const auto recorded = [&] { return record(op, {x, y.indices}, std::move(y.values), attributes); };
  if (!is_heard()) [[likely]] {
    y.values = recorded();
    return y;
  }
  {
    const Unheard guard;
    y.values = recorded();
  }
  tell(op, std::array<Ref, 2>{x, y.indices}, std::array{y.values, y.indices},
       std::make_shared<A>(attributes));
  return y;
}

/// A call made again: of a reduction, of a choice, and the outputs of one that gives places as well.
template <Tensor (*f)(const Tensor&, const Axes&, bool)>
Tensor again_over(Call c) {
  return f(c.x(0), list_of(c.attributes<Reduced>().axes), c.attributes<Reduced>().keepdim);
}
template <Tensor (*f)(const Tensor&, int, bool)>
Tensor again_along(Call c) {
  return f(c.x(0), c.attributes<Chosen>().axis, c.attributes<Chosen>().keepdim);
}
inline std::vector<Tensor> both(const ValuesAndIndices& y) { return {y.values, y.indices}; }
template <ValuesAndIndices (*f)(const Tensor&, int, bool)>
std::vector<Tensor> both_along(Call c) {
  return both(f(c.x(0), c.attributes<Chosen>().axis, c.attributes<Chosen>().keepdim));
}

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
