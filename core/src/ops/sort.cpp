#include "xgrad/core/ops/sort.hpp"

#include <algorithm>
#include <vector>

#include "errors.hpp"
#include "kernels/reduce.hpp"
#include "ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

template <class T>
struct Entry {
  T value;
  std::int64_t place;
};

/// True when u comes before v; nan is larger than every number.
template <class T>
bool precedes(T u, T v, bool descending) {
  if (descending) std::swap(u, v);
  if constexpr (std::floating_point<T>)
    return u < v || (u == u && v != v);
  else
    return u < v;
}

/// Calls f(the entries of a line, where its k-th result goes) for each line along an axis; lines of n
/// elements make `count` results.
template <class T, class F>
void each_entries(const Tensor& x, int axis, std::int64_t count, F f) {
  const Block b = Runs(x.shape(), (AxisBits{1} << axis) & all_axes(x.dim())).last;
  if (b.elements() == 0) return;
  std::vector<Entry<T>> line(static_cast<std::size_t>(b.n));
  for (std::int64_t k = 0; k < b.outer; ++k)
    for (std::int64_t j = 0; j < b.inner; ++j) {
      const T* from = ptr<T>(x) + k * b.n * b.inner + j;
      for (std::int64_t i = 0; i < b.n; ++i) line[static_cast<std::size_t>(i)] = {from[i * b.inner], i};
      f(line, [=](std::int64_t i) { return (k * count + i) * b.inner + j; });
    }
}

/// The first `count` elements in order along an axis, and their places.
ValuesAndIndices ordered(const Op& op, const Tensor& x, int axis, std::int64_t count, bool descending) {
  Shape shape = x.shape();
  if (shape.rank() > 0) shape[axis] = count;
  ValuesAndIndices y = {new_tensor(shape, x.dtype()), new_tensor(shape, int64)};
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const auto before = [descending](const Entry<T>& p, const Entry<T>& q) {
      return precedes(p.value, q.value, descending) ||
             (!precedes(q.value, p.value, descending) && p.place < q.place);
    };
    each_entries<T>(x, axis, count, [&](std::vector<Entry<T>>& line, auto to) {
      std::partial_sort(line.begin(), line.begin() + count, line.end(), before);
      for (std::int64_t i = 0; i < count; ++i) {
        ptr<T>(y.values)[to(i)] = line[static_cast<std::size_t>(i)].value;
        ptr<std::int64_t>(y.indices)[to(i)] = line[static_cast<std::size_t>(i)].place;
      }
    });
  });
  y.values = record(op, {x, y.indices}, std::move(y.values), axis);
  return y;
}

}  // namespace

ValuesAndIndices sort(const Tensor& x, int axis, bool descending) {
  static constexpr Op op = {.name = "sort", .vjp = {{{keep::x(1), chosen_vjp}}}};
  const int along = line_axis("sort", axis, x);
  return ordered(op, x, along, x.dim() == 0 ? 1 : x.shape()[along], descending);
}

Tensor argsort(const Tensor& x, int axis, bool descending) {
  return sort(x.detach(), line_axis("argsort", axis, x), descending).indices;
}

ValuesAndIndices topk(const Tensor& x, std::int64_t k, int axis, bool largest) {
  static constexpr Op op = {.name = "topk", .vjp = {{{keep::x(1), chosen_vjp}}}};
  const int along = line_axis("topk", axis, x);
  const std::int64_t n = x.dim() == 0 ? 1 : x.shape()[along];
  if (k < 0 || k > n)
    fail("topk", "cannot take " + std::to_string(k) + " elements of " + std::to_string(n) + " along axis " +
                     std::to_string(axis) + ": x is " + x.describe() + "; k must lie between 0 and " +
                     std::to_string(n));
  if (x.dim() == 0) return k == 0 ? topk(reshape(x, {1}), 0, 0, largest) : ordered(op, x, along, k, largest);
  return ordered(op, x, along, k, largest);
}

// The median ------------------------------------------------------------------------------------------------

namespace {

/// The medians along an axis and the first places where they stand, both with the axis of size 1.
ValuesAndIndices medians(const Tensor& x, int axis) {
  const AxisBits bits = (AxisBits{1} << axis) & all_axes(x.dim());
  if (reduced_count(x.shape(), bits) == 0)
    fail("median", "needs an element to choose along the axis: x is " + x.describe());
  const Shape shape = reduced_shape(x.shape(), bits, true);
  ValuesAndIndices y = {new_tensor(shape, x.dtype()), new_tensor(shape, int64)};
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    each_entries<T>(x, axis, 1, [&](std::vector<Entry<T>>& line, auto to) {
      const auto first_nan =
          std::find_if(line.begin(), line.end(), [](auto& e) { return e.value != e.value; });
      Entry<T> found;
      if (first_nan != line.end()) {
        found = *first_nan;
      } else {
        const auto middle = line.begin() + static_cast<std::ptrdiff_t>((line.size() - 1) / 2);
        std::nth_element(line.begin(), middle, line.end(),
                         [](auto& p, auto& q) { return p.value < q.value; });
        found = *middle;
        for (const Entry<T>& e : line)
          if (e.value == found.value && e.place < found.place) found = e;
      }
      ptr<T>(y.values)[to(0)] = found.value;
      ptr<std::int64_t>(y.indices)[to(0)] = found.place;
    });
  });
  return y;
}

}  // namespace

Tensor median(const Tensor& x) {
  static constexpr Op op = {.name = "median", .vjp = {{{keep::x(0) | keep::y, ties_vjp}}}};
  Tensor y = medians(new_view(x, {x.numel()}), 0).values;
  y.node()->shape = {};
  return record(op, {x}, std::move(y), all_axes(x.dim()));
}

ValuesAndIndices median(const Tensor& x, int axis, bool keepdim) {
  static constexpr Op op = {.name = "median", .vjp = {{{keep::x(1), chosen_vjp}}}};
  const int along = line_axis("median", axis, x);
  auto [values, indices] = medians(x, along);
  const Shape shape = keepdim ? values.shape() : without_axis(values.shape(), along);
  values.node()->shape = shape;
  return {record(op, {x, indices}, std::move(values), along), new_view(indices, shape)};
}

}  // namespace xgrad
