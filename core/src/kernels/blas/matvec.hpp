#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/loops/batch.hpp"
#include "kernels/loops/part.hpp"
#include "kernels/loops/short_rows.hpp"

// Products of a row-major matrix and a vector, one row behind the other. OpenBLAS goes along several rows at
// a time, which the memory is slow at when rows are short: 100,000 x 100 in float64 take 12 ms instead
// of 4.3.

namespace xgrad::detail {

/// Columns that are gone through together, so that their part of the vector stays in the L1 cache.
template <class T>
inline constexpr std::int64_t columns_together = 16 * 1024 / sizeof(T);

/// The product of a row of n elements with x.
template <class T>
T row_product(std::int64_t n, const T* a, const T* x) {
  using V = xsimd::batch<T>;
  constexpr std::int64_t width = V::size;
  V sums[4] = {V(T(0)), V(T(0)), V(T(0)), V(T(0))};
  std::int64_t j = 0;
  for (; j + 4 * width <= n; j += 4 * width)
    for (std::int64_t k = 0; k < 4; ++k)
      sums[k] =
          simd::fma(V::load_unaligned(a + j + k * width), V::load_unaligned(x + j + k * width), sums[k]);
  for (std::int64_t k = 0; j < n; j += width, ++k)
    sums[k] = simd::fma(load_part<V>(a + j, n - j, T(0)), load_part<V>(x + j, n - j, T(0)), sums[k]);
  return xsimd::hadd((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/// The same for short rows, several at once.
template <class T>
void add_short_row_products(std::int64_t rows, std::int64_t columns, const T* a, const T* x, T* y) {
  using V = xsimd::batch<T>;
  constexpr std::int64_t width = V::size;
  RowBlock<T> block;
  for (std::int64_t i = 0; i < rows; i += short_rows<T>) {
    load_rows(block, a + i * columns, columns, rows - i);
    for (std::int64_t l = i; l < std::min(i + short_rows<T>, rows); l += width) {
      V sum(T(0));
      for (std::int64_t j = 0; j < columns; ++j)
        sum = simd::fma(V(x[j]), V::load_aligned(block.at + j * short_rows<T> + (l - i)), sum);
      store_part(y + l, rows - l, load_part<V>(y + l, rows - l, T(0)) + sum);
    }
  }
}

/// y[i] += the product of row i of a with x.
template <class T>
void add_row_products(std::int64_t rows, std::int64_t columns, const T* a, const T* x, T* y) {
  if (columns <= 2 * lanes<T> && rows >= short_rows<T>) return add_short_row_products(rows, columns, a, x, y);
  for (std::int64_t j = 0; j < columns; j += columns_together<T>)
    for (std::int64_t i = 0; i < rows; ++i)
      y[i] += row_product(std::min(columns_together<T>, columns - j), a + i * columns + j, x + j);
}

inline constexpr std::int64_t summed_rows = 512;  ///< of a block in add_sum_of_rows

/// y[n] += the sum of x[i] times row i of a, for rows of R registers, the last of which may be a part of one.
/// Two sums of rows in turn, so that none waits for the other.
template <std::int64_t R, class T>
void add_sum_of_short_rows(std::int64_t rows, std::int64_t n, const T* a, const T* x, T* y) {
  using V = xsimd::batch<T>;
  constexpr std::int64_t width = V::size;
  V even[R], odd[R];
  for (std::int64_t r = 0; r < R; ++r) even[r] = odd[r] = V(T(0));
  const auto add = [&](std::int64_t i, V(&sum)[R]) {
    const V factor(x[i]);
    for (std::int64_t r = 0; r < R; ++r)
      sum[r] = simd::fma(factor,
                         r + 1 < R ? V::load_unaligned(a + i * n + r * width)
                                   : load_part<V>(a + i * n + r * width, n - r * width, T(0)),
                         sum[r]);
  };
  std::int64_t i = 0;
  for (; i + 2 <= rows; i += 2) add(i, even), add(i + 1, odd);
  if (i < rows) add(i, even);
  for (std::int64_t r = 0; r < R; ++r) {
    const std::int64_t left = n - r * width;
    T* to = y + r * width;
    store_part(to, left, load_part<V>(to, left, T(0)) + (even[r] + odd[r]));
  }
}

/// y += the sum of x[i] times row i of a. In blocks of rows, so that errors grow with the square root of
/// their number at most.
template <class T>
void add_sum_of_rows(std::int64_t rows, std::int64_t columns, const T* a, const T* x, T* y) {
  constexpr std::int64_t width = xsimd::batch<T>::size;
  if (columns <= 4 * width) {
    for (std::int64_t top = 0; top < rows; top += summed_rows) {
      const std::int64_t some = std::min(summed_rows, rows - top);
      const T* part = a + top * columns;
      if (columns <= width)
        add_sum_of_short_rows<1>(some, columns, part, x + top, y);
      else if (columns <= 2 * width)
        add_sum_of_short_rows<2>(some, columns, part, x + top, y);
      else
        columns <= 3 * width ? add_sum_of_short_rows<3>(some, columns, part, x + top, y)
                             : add_sum_of_short_rows<4>(some, columns, part, x + top, y);
    }
    return;
  }
  alignas(64) T sum[columns_together<T>];
  for (std::int64_t first = 0; first < columns; first += columns_together<T>) {
    const std::int64_t n = std::min(columns_together<T>, columns - first);
    for (std::int64_t top = 0; top < rows; top += summed_rows) {
      std::fill_n(sum, n, T(0));
      for (std::int64_t i = top; i < std::min(top + summed_rows, rows); ++i) {
        const T* row = a + i * columns + first;
        for (std::int64_t j = 0; j < n; ++j) sum[j] += x[i] * row[j];
      }
      for (std::int64_t j = 0; j < n; ++j) y[first + j] += sum[j];
    }
  }
}

}  // namespace xgrad::detail
