#pragma once

#include <algorithm>
#include <limits>
#include <utility>

#include "kernels/loops/batch.hpp"
#include "kernels/loops/block.hpp"
#include "kernels/loops/columns.hpp"
#include "kernels/loops/part.hpp"
#include "kernels/loops/short_rows.hpp"
#include "kernels/loops/work.hpp"

// Kernels over the lines of a tensor along one axis: softmax, cross-entropy. Each is written once, for a line
// type that says how to walk: a Row is one contiguous line and goes along it batch by batch; Columns are as
// many neighbouring lines as a batch holds, one in each lane, and go along them element by element; ShortRows
// are rows that were transposed to be walked so, and add up in the order of a Row, to the same bits.

namespace xgrad::detail {

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
  V sum(const V& v) const { return V(sum_of_lanes(v)); }
  V max(const V& v) const { return V(largest_lane(v)); }
  /// Where element i of line l stands.
  std::int64_t place(std::int64_t i, std::int64_t) const { return i; }
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
  std::int64_t place(std::int64_t i, std::int64_t l) const { return i * stride + l; }
};

/// Rows of a RowBlock, as many as a batch holds.
template <class T>
struct ShortRows : Columns<T> {
  using typename Columns<T>::V;
  V load(const T* p, std::int64_t i, T = 0) const { return V::load_aligned(p + i * short_rows<T>); }
  void store(T* p, std::int64_t i, const V& v) const { v.store_aligned(p + i * short_rows<T>); }
};

/// The door of a kernel over rows, n elements each: f(first, last) at once, or by blocks where there are
/// many.
template <class F>
void by_rows(const Kernel& kernel, Work work, std::int64_t rows, std::int64_t n, const F& f) {
  if (runs_unheard(rows * n)) [[likely]]
    return f(std::int64_t{0}, rows);
  launch(kernel, work, rows, rows * n <= large_work ? rows : std::max<std::int64_t>(block_elements / n, 1),
         f);
}

/// f(lines, number of the first line, its start in y, its start in each x) for a block of the short rows from
/// here on, of which there are `rest`. A function of its own, so that long rows keep their registers.
template <class T, class F, class... X>
[[gnu::flatten, gnu::noinline]] void each_short_row(std::int64_t n, std::int64_t rest, F f,
                                                    std::int64_t first, T* y, const X*... x) {
  constexpr std::int64_t width = xsimd::batch<T>::size;
  const std::int64_t count = std::min(short_rows<T>, rest);
  RowBlock<T> out, in[sizeof...(X)];
  std::size_t k = 0;
  (load_rows(in[k++], x, n, rest), ...);
  for (std::int64_t j = 0; j < count; j += width) [&]<std::size_t... i>(std::index_sequence<i...>) {
      f(ShortRows<T>{{n, short_rows<T>, std::min(width, count - j)}}, first + j, out.at + j, in[i].at + j...);
    }
  (std::index_sequence_for<X...>());
  if (y) store_rows(y, out, n, count);
}

/// The longest columns that are brought together.
inline constexpr std::int64_t longest_gathered = 256;

/// The columns of blocks of few, as many blocks as fill a batch: they are brought together in the nearest
/// cache, where a step has all its lanes, and stores are found again by whole loads. One block alone goes the
/// same way, to the same bits.
template <class T, class F, class... X>
[[gnu::flatten, gnu::noinline]] void each_narrow_block(const Block& b, F f, std::int64_t start, T* y,
                                                       const X*... x) {
  constexpr std::int64_t width = xsimd::batch<T>::size;
  const std::int64_t together = width / b.inner, size = b.n * b.inner;
  alignas(64) T out[longest_gathered * width], in[sizeof...(X)][longest_gathered * width];
  for (std::int64_t k = 0; k < b.outer; k += together) {
    const Block part = {std::min(together, b.outer - k), b.n, b.inner};
    std::size_t i = 0;
    (gather_columns(part, x + k * size, in[i++], width), ...);
    [&]<std::size_t... j>(std::index_sequence<j...>) {
      f(Columns<T>{b.n, width, part.outer * b.inner}, start + k * b.inner, y ? out : y, in[j]...);
    }
    (std::index_sequence_for<X...>());
    if (y) scatter_columns(part, out, width, y + k * size);
  }
}

/// Calls f(lines, number of the first line, its start in y, its start in each x), from line `start` on, for
/// the lines of a block; y may be null. Flat, as simd_loop is.
template <class T, class F, class... X>
[[gnu::flatten]] void each_line(const Kernel& kernel, const Block& b, F f, std::int64_t start, T* y,
                                const X*... x) {
  constexpr std::int64_t width = xsimd::batch<T>::size;
  const std::int64_t size = b.n * b.inner;
  if (b.inner == 0 || (y && size == 0)) return;
  // One row alone is not cut, and comes back here when it was heard.
  const std::int64_t elements = std::max<std::int64_t>(b.outer * size, 1);
  if (!runs_unheard(elements) && (b.outer > 1 || longest_unheard == 0)) [[unlikely]] {
    const Work work = {.bytes = b.outer * size * ((y ? bytes_of<T> : 0) + bytes_of<X...>)};
    return launch(kernel, work, b.outer,
                  elements <= large_work ? b.outer : std::max<std::int64_t>(block_elements / size, 1),
                  [=, door = &kernel](std::int64_t first, std::int64_t last) {
                    each_line<T>(*door, {last - first, b.n, b.inner}, f, start + first * b.inner,
                                 y ? y + first * size : y, x + first * size...);
                  });
  }
  const auto lines = [&](auto along, std::int64_t number, std::int64_t at) {
    f(along, start + number, y ? y + at : y, x + at...);
  };
  if (b.inner != 1) {
    if (2 * b.inner <= width && b.n <= longest_gathered) return each_narrow_block(b, f, start, y, x...);
    for (std::int64_t k = 0; k < b.outer; ++k)
      for (std::int64_t j = 0; j < b.inner; j += width)
        lines(Columns<T>{b.n, b.inner, std::min(width, b.inner - j)}, k * b.inner + j, k * size + j);
    return;
  }
  std::int64_t k = 0;
  // One row alone is as fast along itself, with the same bits.
  while (b.n > 0 && b.n <= 4 * std::min(short_rows<T>, b.outer - k)) {
    each_short_row(b.n, b.outer - k, f, start + k, y ? y + k * size : y, x + k * size...);
    k += std::min(short_rows<T>, b.outer - k);
  }
  for (; k < b.outer; ++k) lines(Row<T>{b.n}, k, k * size);
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

/// The same bits from short rows: what would be the lanes of a row's sum stands below each other here.
template <class T, class F>
xsimd::batch<T> line_sum(const ShortRows<T>& along, F f) {
  using V = xsimd::batch<T>;
  constexpr std::int64_t width = V::size;
  V lane[V::size];
  std::int64_t lanes = std::min(along.n, width);
  for (std::int64_t i = 0; i < lanes; ++i) lane[i] = V(0) + f(i);
  for (std::int64_t i = lanes; i < along.n; ++i) lane[i % width] += f(i);
  for (std::int64_t half = width / 2; half > 0; half /= 2) {
    for (std::int64_t j = 0; j + half < lanes; ++j) lane[j] += lane[j + half];
    lanes = std::min(lanes, half);
  }
  return lane[0];
}

/// The largest element of a line; unspecified where there is a nan.
template <class L, class T>
typename L::V line_max(const L& along, const T* x) {
  constexpr T low = -std::numeric_limits<T>::infinity();
  typename L::V m(low);
  for (std::int64_t i = 0; i < along.steps(); ++i) m = xsimd::max(m, along.load(x, i, low));
  return along.max(m);
}

/// 0 in place of the largest element of a line that is wholly masked by -inf: from it, every e^(x - top) of
/// the line is 0 and every x - top is -inf, where -inf - -inf would be nan.
template <class V>
V unmasked(const V& top) {
  return xsimd::select(top == V(-std::numeric_limits<typename V::value_type>::infinity()), V(0), top);
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
    return xsimd::select(equal, V(0), simd::exp(v - top));
  });
  // Padding behind a row of -inf ties too.
  return {top, rest + (xsimd::min(along.sum(ties), V(static_cast<T>(along.n))) - V(1))};
}

}  // namespace xgrad::detail
