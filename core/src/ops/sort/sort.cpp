#include "xgrad/core/ops/sort.hpp"

#include <algorithm>
#include <vector>

#include "kernels/loops/work.hpp"
#include "kernels/sort/order.hpp"
#include "ops/reduce/reduce.hpp"
#include "ops/support/fold_axes.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

constexpr Kernel sort_kernel = {.name = "sort"}, topk_kernel = {.name = "topk"},
                 median_kernel = {.name = "median"};

/// A line along an axis.
template <class T>
struct Line {
  const T* x;
  std::int64_t n, step;

  T operator[](std::int64_t i) const { return x[i * step]; }
};

/// Calls f(line, where its k-th result goes) for each line along an axis, with an f = make() of its own for
/// each block of lines that is worth a thread. Lines make `count` results.
template <class T, class F>
void each_line(const Kernel& kernel, const Tensor& x, int axis, std::int64_t count, F make) {
  const Block b = Runs(x.shape(), (AxisBits{1} << axis) & all_axes(x.dim())).last;
  if (b.elements() == 0) return;
  const Work work = {.bytes =
                         b.elements() * bytes_of<T> + b.outer * count * b.inner * bytes_of<T, std::int64_t>};
  launch(kernel, work, b.outer * b.inner, block_elements / 16 / b.n + 1,
         [make, b, count, px = ptr<const T>(x)](std::int64_t first, std::int64_t last) {
           auto f = make();
           for (std::int64_t l = first; l < last; ++l) {
             const std::int64_t k = l / b.inner, j = l % b.inner;
             f(Line<T>{px + k * b.n * b.inner + j, b.n, b.inner},
               [=, inner = b.inner](std::int64_t i) { return (k * count + i) * inner + j; });
           }
         });
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

/// Fills in what comes first in a line.
template <class T, class To, class Entries>
void store_order(const Line<T>& line, const To& to, const Entries& first, std::int64_t count, T* values,
                 std::int64_t* places) {
  for (std::int64_t i = 0; i < count; ++i) {
    const auto place = static_cast<std::int64_t>(first[static_cast<std::size_t>(i)].place);
    values[to(i)] = line[place], places[to(i)] = place;
  }
}

/// The first `count` elements in order along an axis, and their places.
template <class T, class Place>
void order_lines(const Kernel& kernel, const Tensor& x, int axis, std::int64_t count, bool descending,
                 T* values, std::int64_t* places) {
  using Entry = Keyed<KeyOf<T>, Place>;
  const std::int64_t n = x.dim() == 0 ? 1 : x.shape()[axis];
  const auto entry_of = [descending](const Line<T>& line) {
    return [=](std::int64_t i) { return Entry{key_of(line[i], descending), static_cast<Place>(i)}; };
  };
  if (count < n / 8)
    return each_line<T>(kernel, x, axis, count, [=] {
      return [=, first = std::vector<Entry>()](const Line<T>& line, const auto& to) mutable {
        first_of(n, count, entry_of(line), first);
        store_order(line, to, first, count, values, places);
      };
    });
  each_line<T>(kernel, x, axis, count, [=] {
    return [=, sorter = LineSorter<KeyOf<T>, Place>(n)](const Line<T>& line, const auto& to) mutable {
      const auto entry = entry_of(line);
      for (std::int64_t i = 0; i < n; ++i) sorter.line()[static_cast<std::size_t>(i)] = entry(i);
      sorter.sort();
      store_order(line, to, sorter.line(), count, values, places);
    };
  });
}

ValuesAndIndices ordered(const Kernel& kernel, const Tensor& x, int axis, std::int64_t count,
                         bool descending) {
  Shape shape = x.shape();
  if (shape.rank() > 0) shape[axis] = count;
  ValuesAndIndices y = {new_tensor(shape, x.dtype()), new_tensor(shape, int64)};
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const auto order = x.numel() >> 32 == 0 ? order_lines<T, std::uint32_t> : order_lines<T, std::uint64_t>;
    order(kernel, x, axis, count, descending, ptr<T>(y.values), ptr<std::int64_t>(y.indices));
  });
  return y;
}

}  // namespace

ValuesAndIndices sort(const Tensor& x, int axis, bool descending) {
  static constexpr Op op = {.name = "sort",
                            .vjp = {{{keep::x(1), chosen_vjp<Sort>}}},
                            .scratch = 1,
                            .fields = &fields_of<Sort>,
                            .again_all =
                                [](Call c) {
                                  const auto& [along, down] = c.attributes<Sort>();
                                  return both(sort(c.x(0), along, down));
                                },
                            .jvp = chosen_jvp<Sort>};
  const int along = line_axis("sort", axis, x);
  const std::int64_t n = x.dim() == 0 ? 1 : x.shape()[along];
  return record_chosen(op, x, ordered(sort_kernel, x, along, n, descending), Sort{along, descending});
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
                            .again_all =
                                [](Call c) {
                                  const auto& [count, along, up] = c.attributes<TopK>();
                                  return both(topk(c.x(0), count, along, up));
                                },
                            .jvp = chosen_jvp<TopK>};
  const int along = line_axis("topk", axis, x);
  const std::int64_t n = x.dim() == 0 ? 1 : x.shape()[along];
  if (k < 0 || k > n)
    fail("topk", "cannot take " + std::to_string(k) + " elements of " + std::to_string(n) + " along axis " +
                     std::to_string(axis) + ": x is " + x.describe() + "; k must lie between 0 and " +
                     std::to_string(n));
  if (x.dim() == 0 && k == 0) return topk(reshape(x, {1}), 0, 0, largest);
  return record_chosen(op, x, ordered(topk_kernel, x, along, k, largest), TopK{k, along, largest});
}

// The median ------------------------------------------------------------------------------------------------

namespace {

/// Where the median of a line first stands; its first nan, if there is one.
template <class T>
std::int64_t median_place(const Line<T>& line, std::vector<KeyOf<T>>& keys) {
  keys.resize(static_cast<std::size_t>(line.n));
  for (std::int64_t i = 0; i < line.n; ++i) {
    if (line[i] != line[i]) return i;
    keys[static_cast<std::size_t>(i)] = key_of(line[i], false);
  }
  const auto middle = keys.begin() + (line.n - 1) / 2;
  std::nth_element(keys.begin(), middle, keys.end());
  std::int64_t place = 0;
  while (key_of(line[place], false) != *middle) ++place;
  return place;
}

/// The medians along an axis and the first places where they stand, both with the axis of size 1.
ValuesAndIndices medians(const Tensor& x, int axis) {
  const AxisBits bits = (AxisBits{1} << axis) & all_axes(x.dim());
  if (reduced_count(x.shape(), bits) == 0)
    fail("median", "needs an element to choose along the axis: x is " + x.describe());
  const Shape shape = reduced_shape(x.shape(), bits, true);
  ValuesAndIndices y = {new_tensor(shape, x.dtype()), new_tensor(shape, int64)};
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    T* values = ptr<T>(y.values);
    auto* places = ptr<std::int64_t>(y.indices);
    each_line<T>(median_kernel, x, axis, 1, [=] {
      return [=, keys = std::vector<KeyOf<T>>()](const Line<T>& line, const auto& to) mutable {
        const std::int64_t place = median_place(line, keys);
        values[to(0)] = line[place], places[to(0)] = place;
      };
    });
  });
  return y;
}

}  // namespace

Tensor median(const Tensor& x) {
  static constexpr Op op = {.name = "median",
                            .vjp = {{{keep::x(0) | keep::y, ties_vjp}}},
                            .again = [](Call c) { return median(c.x(0)); },
                            .jvp = ties_jvp};
  Tensor y = medians(new_view(x, {x.numel()}), 0).values;
  y.node()->shape = {};
  return record(op, {x}, std::move(y), Reduced{all_axes(x.dim()), false});
}

ValuesAndIndices median(const Tensor& x, int axis, bool keepdim) {
  static constexpr Op op = {.name = "median_along",
                            .vjp = {{{keep::x(1), chosen_vjp<Chosen>}}},
                            .scratch = 1,
                            .fields = &fields_of<Chosen>,
                            .again_all = both_along<median>,
                            .jvp = chosen_jvp<Chosen>};
  const int along = line_axis("median", axis, x);
  ValuesAndIndices y = medians(x, along);
  if (!keepdim) y = without(std::move(y), along);
  return record_chosen(op, x, std::move(y), Chosen{along, keepdim});
}

}  // namespace xgrad
