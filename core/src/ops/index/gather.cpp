#include "ops/index/gather.hpp"

#include <algorithm>

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
#include "ops/support/accumulate.hpp"
#include "ops/support/axes.hpp"
#include "ops/support/gather.hpp"
#include "ops/support/layout.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/recheck.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace detail {

void check_range(const char* op, const Tensor& index, std::int64_t size) {
  const std::int64_t* p = ptr<std::int64_t>(index);
  std::uint64_t largest = 0;  // where negative ones are vast
  const std::int64_t n = index.numel(op);
  recheck(op, [=] { return std::all_of(p, p + n, [=](std::int64_t i) { return i >= 0 && i < size; }); });
  for (std::int64_t i = 0; i < n; ++i) largest = std::max(largest, static_cast<std::uint64_t>(p[i]));
  if (n == 0 || largest < static_cast<std::uint64_t>(size)) return;
  const auto is_outside = [size](std::int64_t i) { return i < 0 || i >= size; };
  const std::int64_t first = std::find_if(p, p + index.numel(), is_outside) - p;
  fail(op, "index " + std::to_string(p[first]) + " at place " + std::to_string(first) +
               " is out of range for a size of " + std::to_string(size) + ": the index is " +
               index.describe() +
               (size > 0 ? "; indices are 0 to " + std::to_string(size - 1) : "; there is nothing to take"));
}

}  // namespace detail

namespace {

std::int64_t size_along(const Tensor& x, int axis) { return x.dim() == 0 ? 1 : x.shape()[axis]; }

/// Checks an index of x's rank whose other sizes do not exceed x's, and its values.
int check_element_index(const char* op, const Tensor& x, int axis, const Tensor& index) {
  check_index(op, "index", index);
  const int along = line_axis(op, axis, x);
  bool fits = index.dim(op) == x.dim();
  for (int i = 0; i < x.dim() && fits; ++i) fits = i == along || index.shape()[i] <= x.shape()[i];
  if (!fits)
    fail(op, "the index must have the rank of x, and no larger sizes apart from axis " +
                 std::to_string(axis) + ": x is " + x.describe() + ", the index is " + index.describe());
  check_range(op, index, size_along(x, along));
  return along;
}

/// The leading part of a source that an index of this shape reads.
Tensor leading_part(const char* op, const Tensor& source, const Shape& shape) {
  bool fits = source.dim(op) == shape.rank();
  for (int i = 0; i < shape.rank() && fits; ++i) fits = shape[i] <= source.shape()[i];
  if (!fits)
    fail(op, "the source must have the rank of the index, and sizes that are not smaller: the source is " +
                 source.describe() + ", the index has shape " + shape.str());
  Tensor part = source;
  for (int i = 0; i < shape.rank(); ++i)
    if (shape[i] < part.shape()[i]) part = narrow(part, i, 0, shape[i]);
  return part;
}

void check_same_dtype(const char* op, const Tensor& x, const Tensor& source) {
  if (x.dtype(op) != source.dtype(op))
    fail(op, "x and the source must have one dtype: x is " + x.describe() + ", the source is " +
                 source.describe());
}

}  // namespace

// Elements --------------------------------------------------------------------------------------------------

namespace {

/// gather, with errors under the name of the function that was called.
Tensor gather_as(const char* name, const Tensor& x, int axis, const Tensor& index) {
  static constexpr Op op = {
      .name = "gather",
      .vjp = {{{keep::x(1),
                [](Grad g, Fn f) { return gather_vjp(g, f.shape(0), f.attributes<Along>().axis, f.x(1)); },
                [](Grad g, Fn f, const Tensor& sum) {
                  const int along = f.attributes<Along>().axis;
                  const Tensor at = f.x(1);
                  if (at.size(along) > 1 && !are_distinct(at)) return gather_vjp(g, sum.shape(), along, at);
                  ++sum.node()->buffer->version;
                  scatter_elements(sum, g, along, at, true);
                  return sum;
                },
                add_parts_from}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return gather(c.x(0), c.attributes<Along>().axis, c.x(1)); },
      .jvp = Jvp::By::linear};
  const int along = check_element_index(name, x, axis, index);
  Tensor y = new_tensor(index.shape(), x.dtype());
  gather_elements(y, x, along, index);
  return copied_part(record(op, {x, index}, std::move(y), Along{along}));
}

}  // namespace

Tensor gather(const Tensor& x, int axis, const Tensor& index) { return gather_as("gather", x, axis, index); }

namespace detail {

Tensor gather_vjp(const Tensor& g, const Shape& shape, int axis, const Tensor& index) {
  static constexpr Op op = {
      .name = "gather_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return gather(h, f.attributes<Along>().axis, f.x(1)); }}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return gather_vjp(c.x(0), c.shape(), c.attributes<Along>().axis, c.x(1)); },
      .jvp = Jvp::By::linear};
  Tensor y = zeros_of(shape, g.dtype());
  scatter_elements(y, g, axis, index, true);
  return record(op, {g, index}, std::move(y), Along{axis});
}

}  // namespace detail

Tensor scatter_add(const Tensor& x, int axis, const Tensor& index, const Tensor& source) {
  static constexpr Op op = {
      .name = "scatter_add",
      .vjp = {{{keep::nothing, [](Grad g, Fn) { return g; }},  // dx
               {},
               {keep::x(1),
                [](Grad g, Fn f) {  // dsource
                  return gather(g, f.attributes<Along>().axis, f.x(1));
                }}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return scatter_add(c.x(0), c.attributes<Along>().axis, c.x(1), c.x(2)); },
      .jvp = Jvp::By::linear};
  const int along = check_element_index("scatter_add", x, axis, index);
  check_same_dtype("scatter_add", x, source);
  const Tensor part = leading_part("scatter_add", source, index.shape());
  Tensor y = repeated(x, x.shape());
  scatter_elements(y, part, along, index, true);
  return record(op, {x, index, part}, std::move(y), Along{along});
}

namespace {

struct Scattered {
  Shape shape;
  int axis;
  void fields(auto&& field) const { field("shape", shape), field("axis", axis); }
};

/// True for the elements of the source that stay, where several go to one place.
Tensor stays(const Shape& whole, int axis, const Tensor& index) {
  static constexpr Op op = {.name = "scatter_stays", .fields = &fields_of<Scattered>, .again = [](Call c) {
                              const auto& [shape, along] = c.attributes<Scattered>();
                              return stays(shape, along, c.x(0));
                            }};
  Tensor y;
  {
    const NoGrad guard;
    const Unheard quiet;
    const Tensor order = reshape(arange(index.numel()), index.shape()), last = zeros_of(whole, int64);
    scatter_elements(last, order, axis, index, false);
    y = gather(last, axis, index) == order;
  }
  return pass(op, {index}, std::move(y), [&] { return Scattered{whole, axis}; });
}

}  // namespace

Tensor scatter(const Tensor& x, int axis, const Tensor& index, const Tensor& source) {
  static constexpr Op op = {
      .name = "scatter",
      .vjp = {{{keep::x(1),  // dx
                [](Grad g, Fn f) { return scatter(g, f.attributes<Along>().axis, f.x(1), 0); }},
               {},
               {keep::x(1),
                [](Grad g, Fn f) {  // dsource
                  const int along = f.attributes<Along>().axis;
                  const Tensor at = f.x(1);
                  return where(stays(g.shape(), along, at), gather(g, along, at), 0);
                }}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return scatter(c.x(0), c.attributes<Along>().axis, c.x(1), c.x(2)); },
      .jvp = Jvp::By::linear};
  const int along = check_element_index("scatter", x, axis, index);
  check_same_dtype("scatter", x, source);
  const Tensor part = leading_part("scatter", source, index.shape());
  Tensor y = repeated(x, x.shape());
  scatter_elements(y, part, along, index, false);
  return record(op, {x, index, part}, std::move(y), Along{along});
}

Tensor scatter(const Tensor& x, int axis, const Tensor& index, Scalar value) {
  return scatter(x, axis, index, expand(constant(value, x.dtype()), index.shape()));
}

Tensor take_along_dim(const Tensor& x, const Tensor& index, int axis) {
  if (x.dim() != index.dim())
    fail("take_along_dim",
         "the index must have the rank of x: x is " + x.describe() + ", the index is " + index.describe());
  const int along = line_axis("take_along_dim", axis, x);
  Shape p = x.shape(), q = index.shape();
  if (x.dim() > 0) p[along] = q[along] = 1;
  Shape from = broadcast_shapes("take_along_dim", p, q, name_of(x.dtype()), name_of(index.dtype())),
        to = from;
  if (x.dim() > 0) from[along] = x.shape()[along], to[along] = index.shape()[along];
  return gather_as("take_along_dim", from == x.shape() ? x : expand(x, from), axis,
                   to == index.shape() ? index : expand(index, to));
}

Tensor take_along_dim(const Tensor& x, const Tensor& index) {
  return gather_as("take_along_dim", reshape(x, {x.numel()}), 0, reshape(index, {index.numel()}));
}

// Rows ------------------------------------------------------------------------------------------------------

Tensor index_select(const Tensor& x, int axis, const Tensor& index) {
  static constexpr Op op = {
      .name = "index_select",
      .vjp = {{{keep::x(1),
                [](Grad g, Fn f) {
                  return index_select_vjp(g, f.shape(0), f.attributes<Along>().axis, f.x(1));
                },
                [](Grad g, Fn f, const Tensor& sum) {
                  const int along = f.attributes<Along>().axis;
                  if (!are_distinct(f.x(1))) return index_select_vjp(g, sum.shape(), along, f.x(1));
                  ++sum.node()->buffer->version;
                  add_rows(sum, g, along, f.x(1));
                  return sum;
                },
                add_parts_from}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return index_select(c.x(0), c.attributes<Along>().axis, c.x(1)); },
      .jvp = Jvp::By::linear};
  check_index("index_select", "index", index);
  if (index.dim() > 1) fail("index_select", "the index must be a vector: it is " + index.describe());
  const int along = line_axis("index_select", axis, x);
  if (x.dim() == 0 && index.numel() != 1)
    fail("index_select", "a number has one element, which takes one index: x is " + x.describe() +
                             ", the index is " + index.describe() + "; use expand for copies");
  check_range("index_select", index, size_along(x, along));
  Shape shape = x.shape();
  if (shape.rank() > 0) shape[along] = index.numel();
  Tensor y = new_tensor(shape, x.dtype());
  gather_rows(y, x, along, index);
  return copied_part(record(op, {x, index}, std::move(y), Along{along}));
}

namespace detail {

Tensor index_select_vjp(const Tensor& g, const Shape& shape, int axis, const Tensor& index) {
  static constexpr Op op = {
      .name = "index_select_vjp",
      .vjp = {{{keep::x(1),
                [](Grad h, Fn f) { return index_select(h, f.attributes<Along>().axis, f.x(1)); }}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return index_select_vjp(c.x(0), c.shape(), c.attributes<Along>().axis, c.x(1)); },
      .jvp = Jvp::By::linear};
  Tensor y = zeros_of(shape, g.dtype());
  add_rows(y, g, axis, index);
  return record(op, {g, index}, std::move(y), Along{axis});
}

}  // namespace detail

}  // namespace xgrad
