#include "xgrad/core/ops/sort.hpp"

#include <algorithm>
#include <vector>

#include "ops/reduce/reduce.hpp"
#include "ops/support/fold_axes.hpp"
#include "tensor/errors.hpp"
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

struct Sort {
  int axis;
  bool descending;
  void fields(auto&& field) const { field("axis", axis), field("descending", descending); }
};

struct TopK {
  std::int64_t k;
  int axis;
  bool largest;
  void fields(auto&& field) const { field("k", k), field("axis", axis), field("largest", largest); }
};

/// The first `count` elements in order along an axis, and their places.
ValuesAndIndices ordered(const Tensor& x, int axis, std::int64_t count, bool descending) {
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
  return y;
}

}  // namespace

ValuesAndIndices sort(const Tensor& x, int axis, bool descending) {
  static constexpr Op op = {.name = "sort",
                            .vjp = {{{keep::x(1), chosen_vjp<Sort>}}},
                            .scratch = 1,
                            .fields = &fields_of<Sort>,
                            .again_all = [](Call c) {
                              const auto& [along, down] = c.attributes<Sort>();
                              return both(sort(c.x(0), along, down));
                            }};
  const int along = line_axis("sort", axis, x);
  const std::int64_t n = x.dim() == 0 ? 1 : x.shape()[along];
  return record_chosen(op, x, ordered(x, along, n, descending), Sort{along, descending});
}

Tensor argsort(const Tensor& x, int axis, bool descending) {
  const int along = line_axis("argsort", axis, x);
  const NoGrad guard;
  return sort(x, along, descending).indices;
}

ValuesAndIndices topk(const Tensor& x, std::int64_t k, int axis, bool largest) {
  static constexpr Op op = {.name = "topk",
                            .vjp = {{{keep::x(1), chosen_vjp<TopK>}}},
                            .scratch = 1,
                            .fields = &fields_of<TopK>,
                            .again_all = [](Call c) {
                              const auto& [count, along, up] = c.attributes<TopK>();
                              return both(topk(c.x(0), count, along, up));
                            }};
  const int along = line_axis("topk", axis, x);
  const std::int64_t n = x.dim() == 0 ? 1 : x.shape()[along];
  if (k < 0 || k > n)
    fail("topk", "cannot take " + std::to_string(k) + " elements of " + std::to_string(n) + " along axis " +
                     std::to_string(axis) + ": x is " + x.describe() + "; k must lie between 0 and " +
                     std::to_string(n));
  if (x.dim() == 0 && k == 0) return topk(reshape(x, {1}), 0, 0, largest);
  return record_chosen(op, x, ordered(x, along, k, largest), TopK{k, along, largest});
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
  static constexpr Op op = {.name = "median",
                            .vjp = {{{keep::x(0) | keep::y, ties_vjp}}},
                            .again = [](Call c) { return median(c.x(0)); }};
  Tensor y = medians(new_view(x, {x.numel()}), 0).values;
  y.node()->shape = {};
  return record(op, {x}, std::move(y), Reduced{all_axes(x.dim()), false});
}

ValuesAndIndices median(const Tensor& x, int axis, bool keepdim) {
  static constexpr Op op = {.name = "median_along",
                            .vjp = {{{keep::x(1), chosen_vjp<Chosen>}}},
                            .scratch = 1,
                            .fields = &fields_of<Chosen>,
                            .again_all = both_along<median>};
  const int along = line_axis("median", axis, x);
  ValuesAndIndices y = medians(x, along);
  if (!keepdim) y = without(std::move(y), along);
  return record_chosen(op, x, std::move(y), Chosen{along, keepdim});
}

}  // namespace xgrad
