#include <algorithm>
#include <cstring>

#include "autodiff/fields.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/work.hpp"
#include "ops/parts/plane.hpp"
#include "ops/support/axes.hpp"
#include "ops/support/layout.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

// Padding ---------------------------------------------------------------------------------------------------

namespace {

constexpr Kernel index_kernel = {.name = "pad_index"};

struct Pad {
  std::int64_t before, behind;
  int axis;
};

struct Padded {
  Pad by;
  Scalar value;
  void fields(auto&& field) const {
    field("axis", by.axis), field("before", by.before), field("behind", by.behind), field("value", value);
  }
};

/// x with a value before and behind it along one axis.
Tensor pad_axis(const Tensor& x, const Pad& by, Scalar value) {
  static constexpr Op op = {.name = "pad",
                            .vjp = {{{keep::nothing,
                                      [](Grad g, Fn f) {
                                        const auto [before, behind, axis] = f.attributes<Pad>();
                                        const std::int64_t n = g.shape()[axis] - before - behind;
                                        return narrow(g, axis, before, n);
                                      }}}},
                            .fields = &fields_of<Padded>,
                            .again =
                                [](Call c) {
                                  const auto& [pad, number] = c.attributes<Padded>();
                                  return pad_axis(c.x(0), pad, number);
                                },
                            .jvp = [](Fn f) { return pad_axis(f.t(0), f.attributes<Pad>(), 0); }};
  Shape shape = x.shape();
  shape[by.axis] = sum_of(shape[by.axis], by.before, by.behind);
  check_sizes("pad", shape);
  Tensor y = new_tensor(shape, x.dtype());
  y.fill_(x.dtype() == int64 ? Scalar(value.to<std::int64_t>("pad")) : value);
  copy_entries({y, by.axis, by.before}, {x, by.axis, 0}, x.shape()[by.axis]);
  return record(op, {x}, std::move(y), by, [&] { return Padded{by, value}; });
}

/// The entry that stands at place i from the start of the elements, i outside of [0, n).
std::int64_t source_of(PadMode mode, std::int64_t i, std::int64_t n) {
  if (mode == PadMode::replicate) return std::clamp<std::int64_t>(i, 0, n - 1);
  if (mode == PadMode::circular) return (i % n + n) % n;
  return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
}

/// Whether pads of two axes add to both of them, and have room in a Frame.
bool is_frame(const std::vector<std::int64_t>& pads) {
  const auto fits = [](std::int64_t n) { return n >= 0 && n < 1 << 30; };
  return std::all_of(pads.begin(), pads.end(), fits) && pads[0] + pads[1] > 0 && pads[2] + pads[3] > 0;
}

Tensor pad_by_index(const Tensor& x, const Pad& by, PadMode mode) {
  const std::int64_t n = x.shape()[by.axis], most = std::max(by.before, by.behind);
  const std::int64_t limit = mode == PadMode::reflect              ? n - 1
                             : mode == PadMode::circular || n == 0 ? n
                                                                   : most;
  if (most > limit)
    fail("pad", std::to_string(most) + " is more than the " + std::to_string(limit) + " entries that axis " +
                    std::to_string(by.axis) + " has to pad with in this mode: x is " + x.describe() +
                    "; pad by " + std::to_string(limit) + " at most");
  Tensor index = new_tensor({by.before + n + by.behind}, int64);
  launch(index_kernel, {.bytes = index.numel() * bytes_of<std::int64_t>},
         [mode, n, before = by.before, size = index.numel(), to = ptr<std::int64_t>(index)] {
           for (std::int64_t i = 0; i < size; ++i) to[i] = source_of(mode, i - before, n);
         });
  return whole_result(index_select(x, by.axis, index));
}

}  // namespace

Tensor pad(const Tensor& x, const std::vector<std::int64_t>& pads, PadMode mode, Scalar value) {
  const int pairs = static_cast<int>(pads.size() / 2);
  if (pads.size() % 2 != 0 || pairs > x.dim())
    fail("pad", "needs two numbers an axis, for " + std::to_string(x.dim()) + " axes at most: there are " +
                    std::to_string(pads.size()) + ", x is " + x.describe());
  if (pads.size() == 4 && mode == PadMode::constant && is_frame(pads))
    return pad_plane(x,
                     {static_cast<std::int32_t>(pads[2]), static_cast<std::int32_t>(pads[3]),
                      static_cast<std::int32_t>(pads[0]), static_cast<std::int32_t>(pads[1])},
                     value);
  Tensor y = x;
  for (int k = 0; k < pairs; ++k) {
    const std::int64_t before = pads[static_cast<std::size_t>(2 * k)],
                       behind = pads[static_cast<std::size_t>(2 * k + 1)];
    const int axis = x.dim() - 1 - k;
    constexpr std::int64_t most = most_elements;
    if (std::min(before, behind) < -most || std::max(before, behind) > most)
      fail("pad", "too many elements: the pads are " + std::to_string(before) + " and " +
                      std::to_string(behind) + ", x is " + x.describe() + holds_fewer);
    const std::int64_t cut = std::max<std::int64_t>(0, -before),
                       n = y.shape()[axis] - cut - std::max<std::int64_t>(0, -behind);
    if (n < 0)
      fail("pad", "more is cut off than axis " + std::to_string(axis) + " has: the pads are " +
                      std::to_string(before) + " and " + std::to_string(behind) + ", x is " + x.describe() +
                      "; cut off " + std::to_string(y.shape()[axis]) + " at most");
    if (before < 0 || behind < 0) y = narrow(y, axis, cut, n);
    const Pad by = {std::max<std::int64_t>(0, before), std::max<std::int64_t>(0, behind), axis};
    if (by.before > 0 || by.behind > 0)
      y = mode == PadMode::constant ? pad_axis(y, by, value) : pad_by_index(y, by, mode);
  }
  return y;
}

// Diagonals -------------------------------------------------------------------------------------------------

namespace {

struct Diagonal {
  int offset, axis1, axis2;
  void fields(auto&& field) const { field("offset", offset), field("axis1", axis1), field("axis2", axis2); }
};

/// The number of elements on a diagonal.
std::int64_t length_of(const Shape& shape, const Diagonal& d) {
  const std::int64_t rows = shape[d.axis1], columns = shape[d.axis2];
  return std::max<std::int64_t>(
      0, d.offset >= 0 ? std::min(rows, columns - d.offset) : std::min(rows + d.offset, columns));
}

/// Copies between a tensor and its diagonal, which is the last axis of `part`.
void copy_diagonal(const Tensor& whole, const Tensor& part, const Diagonal& d, bool into_whole) {
  const Steps steps(whole.shape()), along(part.shape());
  if (part.numel() == 0) return;
  const std::int64_t first =
      d.offset >= 0 ? d.offset * steps[d.axis2] : -std::int64_t{d.offset} * steps[d.axis1];
  LayoutCopy copy;
  int k = 0;
  const auto axis = [&](std::int64_t n, std::int64_t step) {
    into_whole ? copy.axis(n, step, along[k]) : copy.axis(n, along[k], step);
    ++k;
  };
  for (int i = 0; i < whole.dim(); ++i)
    if (i != d.axis1 && i != d.axis2) axis(whole.shape()[i], steps[i]);
  axis(part.shape().back(), steps[d.axis1] + steps[d.axis2]);
  if (into_whole)
    copy_elements(copy, whole, first, part, 0);
  else
    copy_elements(copy, part, 0, whole, first);
}

Tensor diagonal_of(const Tensor& x, const Diagonal& d);

/// Zeros of this shape with g on the diagonal: the transpose of diagonal_of.
Tensor on_diagonal(const Tensor& g, const Shape& shape, const Diagonal& d) {
  static constexpr Op op = {
      .name = "diag_embed",
      .vjp = {{{keep::nothing, [](Grad h, Fn f) { return diagonal_of(h, f.attributes<Diagonal>()); }}}},
      .fields = &fields_of<Diagonal>,
      .again = [](Call c) { return on_diagonal(c.x(0), c.shape(), c.attributes<Diagonal>()); },
      .jvp = Jvp::By::linear};
  Tensor y = zeros_of(shape, g.dtype());
  copy_diagonal(y, g, d, true);
  return record(op, {g}, std::move(y), d);
}

Tensor diagonal_of(const Tensor& x, const Diagonal& d) {
  static constexpr Op op = {
      .name = "diagonal",
      .vjp = {{{keep::nothing,
                [](Grad g, Fn f) { return on_diagonal(g, f.shape(0), f.attributes<Diagonal>()); }}}},
      .fields = &fields_of<Diagonal>,
      .again = [](Call c) { return diagonal_of(c.x(0), c.attributes<Diagonal>()); },
      .jvp = Jvp::By::linear};
  Shape shape;
  for (int i = 0; i < x.dim(); ++i)
    if (i != d.axis1 && i != d.axis2) shape.push_back(x.shape()[i]);
  shape.push_back(length_of(x.shape(), d));
  Tensor y = new_tensor(shape, x.dtype());
  copy_diagonal(x, y, d, false);
  return copied_part(record(op, {x}, std::move(y), d));
}

Diagonal check_diagonal(const char* op, int offset, int axis1, int axis2, const Tensor& x, int rank) {
  const Diagonal d = {offset, check_axis(op, axis1, x, rank), check_axis(op, axis2, x, rank)};
  if (d.axis1 == d.axis2)
    fail(op, "needs two different axes: both are " + std::to_string(d.axis1) + ", x is " + x.describe());
  return d;
}

}  // namespace

Tensor diagonal(const Tensor& x, int offset, int axis1, int axis2) {
  return diagonal_of(x, check_diagonal("diagonal", offset, axis1, axis2, x, x.dim()));
}

namespace {

Tensor embedded(const char* op, const Tensor& x, int offset, int axis1, int axis2) {
  if (x.dim(op) == 0) fail(op, "needs at least one axis: x is " + x.describe());
  const Diagonal d = check_diagonal(op, offset, axis1, axis2, x, x.dim() + 1);
  const std::int64_t n = sum_of(x.shape().back(), std::abs(std::int64_t{offset}));
  Shape shape = x.shape();
  shape.erase(x.dim() - 1);
  shape.insert(std::min(d.axis1, d.axis2), n);
  shape.insert(std::max(d.axis1, d.axis2), n);
  check_sizes(op, shape);
  return on_diagonal(x, shape, d);
}

}  // namespace

Tensor diag_embed(const Tensor& x, int offset, int axis1, int axis2) {
  return embedded("diag_embed", x, offset, axis1, axis2);
}

Tensor diag(const Tensor& x, int offset) {
  if (x.dim() != 1 && x.dim() != 2) fail("diag", "needs a vector or a matrix: x is " + x.describe());
  return x.dim() == 1 ? embedded("diag", x, offset, 0, 1) : diagonal(x, offset);
}

// Triangles -------------------------------------------------------------------------------------------------

namespace {

constexpr Kernel tril_kernel = {.name = "tril"}, triu_kernel = {.name = "triu"};

struct Cut {
  int diagonal;
  void fields(auto&& field) const { field("diagonal", diagonal); }
};

/// What tril and triu write of matrices with n elements in all.
template <class T>
void cut_triangles(std::int64_t n, std::int64_t rows, std::int64_t columns, const T* from, T* to,
                   int diagonal, bool lower) {
  for (std::int64_t at = 0; at < n; at += rows * columns)
    for (std::int64_t i = 0; i < rows; ++i, from += columns, to += columns) {
      const std::int64_t cut = std::clamp<std::int64_t>(i + diagonal + (lower ? 1 : 0), 0, columns);
      const std::int64_t first = lower ? 0 : cut, last = lower ? cut : columns;
      std::fill_n(to, first, T{});
      std::copy(from + first, from + last, to + first);
      std::fill_n(to + last, columns - last, T{});
    }
}

Tensor triangle(const Op& op, const Tensor& x, int diagonal, bool lower) {
  if (x.dim(op.name) < 2) fail(op.name, "needs at least two axes: x is " + x.describe());
  const std::int64_t rows = x.shape()[x.dim() - 2], columns = x.shape().back();
  Tensor y = new_like(x);
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Work work = {.bytes = x.numel() * bytes_of<T> * 3 / 2};  // reads half of it, more or less
    launch(lower ? tril_kernel : triu_kernel, work,
           [=, n = x.numel(), from = ptr<const T>(x), to = ptr<T>(y)] {
             cut_triangles(n, rows, columns, from, to, diagonal, lower);
           });
  });
  return record(op, {x}, std::move(y), Cut{diagonal});
}

}  // namespace

Tensor tril(const Tensor& x, int diagonal) {
  static constexpr Op op = {
      .name = "tril",
      .vjp = {{{keep::nothing, [](Grad g, Fn f) { return tril(g, f.attributes<Cut>().diagonal); }}}},
      .fields = &fields_of<Cut>,
      .again = [](Call c) { return tril(c.x(0), c.attributes<Cut>().diagonal); },
      .jvp = Jvp::By::linear};
  return triangle(op, x, diagonal, true);
}
Tensor triu(const Tensor& x, int diagonal) {
  static constexpr Op op = {
      .name = "triu",
      .vjp = {{{keep::nothing, [](Grad g, Fn f) { return triu(g, f.attributes<Cut>().diagonal); }}}},
      .fields = &fields_of<Cut>,
      .again = [](Call c) { return triu(c.x(0), c.attributes<Cut>().diagonal); },
      .jvp = Jvp::By::linear};
  return triangle(op, x, diagonal, false);
}

}  // namespace xgrad
