#include <algorithm>

#include "autodiff/fields.hpp"
#include "kernels/loops/part_walk.hpp"
#include "ops/support/accumulate.hpp"
#include "ops/support/axes.hpp"
#include "ops/support/layout.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// Entries start, start + step, ... along an axis.
struct Part {
  std::int64_t start, step;
  int axis;
  void fields(auto&& field) const { field("axis", axis), field("start", start), field("step", step); }
};

struct Selected {
  std::int64_t index;
  int axis;
  void fields(auto&& field) const { field("axis", axis), field("index", index); }
};

Tensor take_part(const Tensor& x, const Part& part, std::int64_t count);

/// Adds g to the part of x that starts and steps so, in place; g may lack the axis.
Tensor added_to_part(const Tensor& x, const Tensor& g, const Part& at, std::int64_t count) {
  PartLayout part;
  const Steps steps(x.shape());
  part.first = at.start * steps[at.axis];
  for (int i = 0; i < x.dim(); ++i)
    if (i == at.axis)
      part.axis(count, at.step * steps[i]);
    else
      part.axis(x.shape()[i], steps[i]);
  ++x.node()->buffer->version;
  if (g.numel() > 0) put_part(x.dtype(), ptr<void>(x), ptr<void>(g), part, nullptr, true);
  return x;
}

/// Zeros of this shape with g at the part: the transpose of take_part.
Tensor slice_vjp(const Tensor& g, const Shape& shape, const Part& at) {
  static constexpr Op op = {
      .name = "slice_vjp",
      .vjp = {{{keep::nothing,
                [](Grad h, Fn f) {
                  const auto part = f.attributes<Part>();
                  return take_part(h, part, f.shape(0)[part.axis]);
                }}}},
      .fields = &fields_of<Part>,
      .again = [](Call c) { return slice_vjp(c.x(0), c.shape(), c.attributes<Part>()); },
      .jvp = Jvp::By::linear};
  Tensor y = zeros_of(shape, g.dtype());
  const Steps to(shape), from(g.shape());
  LayoutCopy copy;
  for (int i = 0; i < shape.rank(); ++i)
    copy.axis(g.shape()[i], i == at.axis ? at.step * to[i] : to[i], from[i]);
  copy_elements(copy, y, at.start * to[at.axis], g, 0);
  return record(op, {g}, std::move(y), at);
}

/// True when the entries of a part lie one behind another.
bool is_contiguous(const Shape& shape, const Part& part, std::int64_t count) {
  return (part.step == 1 || count <= 1) && reduced_count(shape, all_axes(part.axis)) == 1;
}

/// The elements of a part, in a shape that may lack the axis; not recorded.
Tensor part_value(const Tensor& x, const Part& part, std::int64_t count, const Shape& shape) {
  const Steps from(x.shape());
  const std::int64_t first = count == 0 ? 0 : part.start * from[part.axis];
  if (is_contiguous(x.shape(), part, count)) return new_view(x, shape, first);
  Tensor y = new_tensor(shape, x.dtype());
  Shape sizes = x.shape();
  sizes[part.axis] = count;
  const Steps to(sizes);
  LayoutCopy copy;
  for (int i = 0; i < x.dim(); ++i)
    copy.axis(sizes[i], to[i], i == part.axis ? part.step * from[i] : from[i]);
  copy_elements(copy, y, 0, x, first);
  return copied_part(std::move(y));
}

Tensor take_part(const Tensor& x, const Part& part, std::int64_t count) {
  static constexpr Op op = {
      .name = "slice",
      .vjp = {{{keep::nothing, [](Grad g, Fn f) { return slice_vjp(g, f.shape(0), f.attributes<Part>()); },
                [](Grad g, Fn f, const Tensor& sum) {
                  const auto at = f.attributes<Part>();
                  return added_to_part(sum, g, at, g.shape()[at.axis]);
                },
                add_parts_from}}},
      .fields = &fields_of<Part>,
      .again =
          [](Call c) {
            const auto& at = c.attributes<Part>();
            return take_part(c.x(0), at, c.shape()[at.axis]);
          },
      .jvp = Jvp::By::linear};
  Shape shape = x.shape();
  shape[part.axis] = count;
  return record(op, {x}, part_value(x, part, count, shape), part);
}

}  // namespace

Tensor slice(const Tensor& x, int axis, std::int64_t start, std::int64_t stop, std::int64_t step) {
  const int along = check_axis("slice", axis, x);
  if (step == 0) fail("slice", "the step must not be 0: x is " + x.describe());
  const auto [first, stride, count] = entries_of(start, stop, step, x.shape()[along]);
  return take_part(x, {first, stride, along}, count);
}

Tensor narrow(const Tensor& x, int axis, std::int64_t start, std::int64_t length) {
  const int along = check_axis("narrow", axis, x);
  const std::int64_t n = x.shape()[along], first = start < 0 ? start + n : start;
  if (first < 0 || length < 0 || length > n - first)
    fail("narrow", std::to_string(length) + " entries from " + std::to_string(start) +
                       " on are not all there along axis " + std::to_string(axis) + ": x is " + x.describe() +
                       "; the axis has " + std::to_string(n) + " entries");
  return take_part(x, {first, 1, along}, length);
}

Tensor select(const Tensor& x, int axis, std::int64_t index) {
  static constexpr Op op = {.name = "select",
                            .vjp = {{{keep::nothing,
                                      [](Grad g, Fn f) {
                                        const auto [at, along] = f.attributes<Selected>();
                                        return slice_vjp(unsqueeze(g, along), f.shape(0), {at, 1, along});
                                      },
                                      [](Grad g, Fn f, const Tensor& sum) {
                                        const auto [at, along] = f.attributes<Selected>();
                                        return added_to_part(sum, g, {at, 1, along}, 1);
                                      },
                                      add_parts_from}}},
                            .fields = &fields_of<Selected>,
                            .again =
                                [](Call c) {
                                  const auto& [at, along] = c.attributes<Selected>();
                                  return select(c.x(0), along, at);
                                },
                            .jvp = Jvp::By::linear};
  const int along = check_axis("select", axis, x);
  const std::int64_t n = x.shape()[along];
  if (index < -n || index >= n)
    fail("select", "index " + std::to_string(index) + " is out of range along axis " + std::to_string(axis) +
                       ": x is " + x.describe() + index_range(n));
  const Selected at = {index < 0 ? index + n : index, along};
  Shape shape = x.shape();
  shape.erase(along);
  return record(op, {x}, part_value(x, {at.index, 1, along}, 1, shape), at);
}

}  // namespace xgrad
