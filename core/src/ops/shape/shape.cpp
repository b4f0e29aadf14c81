#include "xgrad/core/ops/shape.hpp"

#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// `shape` with its size -1, if there is one, worked out for `numel` elements of x.
Shape resolved(const char* op, const Tensor& x, const Shape& shape, std::int64_t numel) {
  Shape out = shape;
  int unknown = -1;
  std::int64_t known = 1;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] >= 0) continue;
    if (shape[i] != -1 || unknown >= 0)
      fail(op, "sizes must not be negative, apart from one -1: the shape is " + shape.str());
    unknown = i;
  }
  for (int i = 0; i < shape.rank(); ++i)
    if (i != unknown) known = product_of(known, shape[i]);
  if (unknown >= 0 && known == 0)
    fail(op, "the size for -1 is not determined beside a size of 0: x is " + x.describe() +
                 ", the shape is " + shape.str() + "; write the size out");
  if (unknown >= 0) {
    out[unknown] = numel / known;
    known *= out[unknown];
  }
  if (known != numel)
    fail(op, "the numbers of elements differ: x is " + x.describe() + " with " + std::to_string(numel) +
                 " elements, the shape is " + shape.str() + "; its sizes must have the product " +
                 std::to_string(numel));
  if (numel == 0) check_sizes(op, out);
  return out;
}

/// x in another shape of as many elements.
Tensor reshaped(const Tensor& x, const Shape& shape) {
  static constexpr Op op = {.name = "reshape",
                            .vjp = {{{keep::nothing, [](Grad g, Fn f) { return reshaped(g, f.shape(0)); }}}},
                            .again = [](Call c) { return reshape(c.x(0), c.shape()); },
                            .jvp = Jvp::By::linear};
  return record(op, {x}, new_view(x, shape));
}

}  // namespace

// The same elements -----------------------------------------------------------------------------------------

Tensor reshape(const Tensor& x, const Shape& shape) {
  return reshaped(x, resolved("reshape", x, shape, x.numel()));
}

Tensor view(const Tensor& x, const Shape& shape) {
  return reshaped(x, resolved("view", x, shape, x.numel()));
}

namespace detail {

Tensor without_axes_in_front(const char* op, const Tensor& y, int rank) {
  const Shape& from = y.shape(op);
  int extra = 0;
  while (from.rank() - extra > rank && from[extra] == 1) ++extra;
  return extra ? reshaped(y, Shape(std::span(from.begin() + extra, from.end()))) : y;
}

}  // namespace detail

Tensor flatten(const Tensor& x, int start, int end) {
  if (x.dim() == 0) return reshaped(x, {1});
  const int first = check_axis("flatten", start, x), last = check_axis("flatten", end, x);
  if (first > last)
    fail("flatten", "the last axis must not be before the first: axes " + std::to_string(start) + " to " +
                        std::to_string(end) + ", x is " + x.describe());
  Shape shape = x.shape();
  for (int i = first; i < last; ++i) {
    shape[first] *= shape[first + 1];
    shape.erase(first + 1);
  }
  return reshaped(x, shape);
}

Tensor unflatten(const Tensor& x, int axis, const Shape& sizes) {
  const int at = check_axis("unflatten", axis, x);
  const Shape parts = resolved("unflatten", x, sizes, x.shape()[at]);
  Shape shape = x.shape();
  shape.erase(at);
  for (int i = 0; i < parts.rank(); ++i) shape.insert(at + i, parts[i]);
  check_sizes("unflatten", shape);
  return reshaped(x, shape);
}

Tensor unsqueeze(const Tensor& x, int axis) {
  Shape shape = x.shape();
  shape.insert(check_axis("unsqueeze", axis, x, x.dim() + 1), 1);
  return reshaped(x, shape);
}

Tensor squeeze(const Tensor& x) {
  Shape shape = x.shape();
  for (int i = shape.rank() - 1; i >= 0; --i)
    if (shape[i] == 1) shape.erase(i);
  return reshaped(x, shape);
}

Tensor squeeze(const Tensor& x, int axis) {
  Shape shape = x.shape();
  const int at = check_axis("squeeze", axis, x);
  if (shape[at] == 1) shape.erase(at);
  return reshaped(x, shape);
}

}  // namespace xgrad
