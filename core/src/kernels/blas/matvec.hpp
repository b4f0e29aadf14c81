#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/loops/batch.hpp"
#include "kernels/loops/part.hpp"

// Products of a row-major matrix and a vector, one row behind the other. OpenBLAS goes along several rows at
// a time, which the memory is slow at when rows are short: 100,000 x 100 in float64 take 12 ms instead
// of 4.3.

namespace xgrad::detail {

/// Whether rows are long enough for whole batches, and their vector short enough for the L1 cache.
template <class T>
bool rows_suit(std::int64_t columns) {
  return columns >= 4 * std::int64_t{xsimd::batch<T>::size} && columns * std::int64_t{sizeof(T)} <= 16 * 1024;
}

/// y[i] += the product of row i of a with x.
template <class T>
void add_row_products(std::int64_t rows, std::int64_t columns, const T* a, const T* x, T* y) {
  using V = xsimd::batch<T>;
  constexpr std::int64_t width = V::size;
  for (std::int64_t i = 0; i < rows; ++i, a += columns) {
    V sums[4] = {V(T(0)), V(T(0)), V(T(0)), V(T(0))};
    std::int64_t j = 0;
    for (; j + 4 * width <= columns; j += 4 * width)
      for (std::int64_t k = 0; k < 4; ++k)
        sums[k] =
            simd::fma(V::load_unaligned(a + j + k * width), V::load_unaligned(x + j + k * width), sums[k]);
    for (std::int64_t k = 0; j < columns; j += width, ++k)
      sums[k] =
          simd::fma(load_part<V>(a + j, columns - j, T(0)), load_part<V>(x + j, columns - j, T(0)), sums[k]);
    y[i] += xsimd::hadd((sums[0] + sums[1]) + (sums[2] + sums[3]));
  }
}

inline constexpr std::int64_t summed_rows = 512;  ///< of a block in add_sum_of_rows

/// y += the sum of x[i] times row i of a. In blocks of rows, so that errors grow with the square root of
/// their number at most.
template <class T>
void add_sum_of_rows(std::int64_t rows, std::int64_t columns, const T* a, const T* x, T* y) {
  constexpr std::int64_t block = summed_rows;
  alignas(64) T sum[16 * 1024 / sizeof(T)];
  for (std::int64_t first = 0; first < rows; first += block) {
    std::fill_n(sum, columns, T(0));
    for (std::int64_t i = first; i < std::min(first + block, rows); ++i, a += columns)
      for (std::int64_t j = 0; j < columns; ++j) sum[j] += x[i] * a[j];
    for (std::int64_t j = 0; j < columns; ++j) y[j] += sum[j];
  }
}

}  // namespace xgrad::detail
