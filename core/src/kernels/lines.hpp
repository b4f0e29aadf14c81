#pragma once

#include <algorithm>

#include "kernels/fold.hpp"
#include "kernels/part.hpp"
#include "xgrad/core/shape.hpp"
#include "xgrad/core/simd/functions.hpp"

// Kernels over the lines of a tensor along one axis: softmax, cross-entropy. Each is written once, for a line
// type that says how to walk: a Row is one contiguous line and goes along it batch by batch; Columns are as
// many neighbouring lines as a batch holds, one in each lane, and go along them element by element.

namespace xgrad::detail {

/// The axis of a shape as a block; a number counts as a line of one element.
inline Block block_at(const Shape& shape, int axis) {
  Block b{1, shape.rank() ? shape[axis] : 1, 1};
  for (int i = 0; i < shape.rank(); ++i)
    if (i != axis) (i < axis ? b.outer : b.inner) *= shape[i];
  return b;
}

template <class T>
struct Row {
  using V = xsimd::batch<T>;
  static constexpr std::int64_t width = V::size;

  std::int64_t n;

  std::int64_t steps() const { return (n + width - 1) / width; }
  std::int64_t lines() const { return 1; }
  V load(const T* p, std::int64_t i, T fill = 0) const {
    return load_part<V>(p + i * width, n - i * width, fill);
  }
  void store(T* p, std::int64_t i, const V& v) const { store_part(p + i * width, n - i * width, v); }
  /// A factor for each element of a line, from an array along the axis.
  V factor(const T* p, std::int64_t i) const { return load(p, i); }
  /// A number for each line, from an array over the lines.
  V of_line(const T* p, std::int64_t first) const { return V(p[first]); }
  /// What the lanes of a line hold together, in all of them.
  V sum(const V& v) const { return V(xsimd::hadd(v)); }
  V max(const V& v) const { return V(largest_lane(v)); }
};

/// A row that whole batches make up, as most do: without the tests for its end.
template <class T>
struct WholeRow : Row<T> {
  using typename Row<T>::V;
  using Row<T>::width;
  V load(const T* p, std::int64_t i, T = 0) const { return V::load_unaligned(p + i * width); }
  void store(T* p, std::int64_t i, const V& v) const { v.store_unaligned(p + i * width); }
};

/// Calls f with what goes along rows of n elements.
template <class T, class F>
void visit_row(std::int64_t n, F f) {
  if (n % Row<T>::width == 0)
    f(WholeRow<T>{{n}});
  else
    f(Row<T>{n});
}

template <class T>
struct Columns {
  using V = xsimd::batch<T>;

  std::int64_t n, stride, count;

  std::int64_t steps() const { return n; }
  std::int64_t lines() const { return count; }
  V load(const T* p, std::int64_t i, T fill = 0) const { return load_part<V>(p + i * stride, count, fill); }
  void store(T* p, std::int64_t i, const V& v) const { store_part(p + i * stride, count, v); }
  V factor(const T* p, std::int64_t i) const { return V(p[i]); }
  V of_line(const T* p, std::int64_t first) const { return load_part<V>(p + first, count, 0); }
  V sum(const V& v) const { return v; }
  V max(const V& v) const { return v; }
};

/// f(first, last) for the rows, n elements each: at once, or by blocks where there are many.
template <class F>
void by_rows(std::int64_t rows, std::int64_t n, const F& f) {
  if (rows * n <= large_work)
    f(std::int64_t{0}, rows);
  else
    parallel_for(rows, std::max<std::int64_t>(block_elements / n, 1), f);
}

/// Calls f(lines, offset of their first element, number of their first line), from entry `start` of the outer
/// axis on. Flat, as simd_loop is.
template <class T, class F>
[[gnu::flatten]] void each_line(const Block& b, F f, std::int64_t start = 0) {
  constexpr std::int64_t width = xsimd::batch<T>::size;
  if (b.outer > 1 && b.outer * b.n * b.inner > large_work) [[unlikely]]
    return parallel_for(b.outer, std::max<std::int64_t>(block_elements / (b.n * b.inner), 1),
                        [&](std::int64_t first, std::int64_t last) {
                          each_line<T>({last - first, b.n, b.inner}, f, start + first);
                        });
  if (b.inner == 1) {
    for (std::int64_t k = start; k < start + b.outer; ++k) f(Row<T>{b.n}, k * b.n, k);
    return;
  }
  for (std::int64_t k = start; k < start + b.outer; ++k)
    for (std::int64_t j = 0; j < b.inner; j += width)
      f(Columns<T>{b.n, b.inner, std::min(width, b.inner - j)}, k * b.n * b.inner + j, k * b.inner + j);
}

/// The sum over a line of f(step), in halves down to short runs, so that its error grows with the logarithm
/// of the length. f is called once a step, in order.
template <class L, class F>
typename L::V line_sum(const L& along, F f) {
  using V = typename L::V;
  const auto halves = [&f](auto& self, std::int64_t first, std::int64_t last) -> V {
    if (last - first > 32) {
      const std::int64_t middle = first + (last - first) / 2;
      const V left = self(self, first, middle);
      return left + self(self, middle, last);
    }
    V s(0);
    for (std::int64_t i = first; i < last; ++i) s += f(i);
    return s;
  };
  return along.sum(halves(halves, 0, along.steps()));
}

/// The largest element of a line; unspecified where there is a nan.
template <class L, class T>
typename L::V line_max(const L& along, const T* x) {
  constexpr T low = -std::numeric_limits<T>::infinity();
  typename L::V m(low);
  for (std::int64_t i = 0; i < along.steps(); ++i) m = xsimd::max(m, along.load(x, i, low));
  return along.max(m);
}

/// The largest element of a line, and the sum of e^(x - largest) over all other elements: log sum e^x is
/// top + log(1 + rest), with all its places where one element outweighs the others.
template <class V>
struct Peak {
  V top, rest;
};

template <class L, class T>
Peak<typename L::V> peak_of(const L& along, const T* x) {
  using V = typename L::V;
  const V top = line_max(along, x);
  V ties(0);
  const V rest = line_sum(along, [&](std::int64_t i) {
    const V v = along.load(x, i, -std::numeric_limits<T>::infinity());
    const auto equal = v == top;
    ties += xsimd::select(equal, V(1), V(0));
    return xsimd::select(equal, V(0), vec::exp(v - top));
  });
  return {top, rest + (along.sum(ties) - V(1))};
}

}  // namespace xgrad::detail
