#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/loops/batch.hpp"
#include "kernels/loops/short_rows.hpp"
#include "xgrad/core/launch.hpp"
#include "xgrad/core/threads.hpp"

// Products of many short rows and a small matrix, as points have them that are turned: registers hold an
// element of as many rows as they have lanes, where those of a usual product would hold 3 or 4 numbers.

namespace xgrad::detail {

inline constexpr std::int64_t narrow_columns = 8;      ///< of the product, at most
inline constexpr std::int64_t narrow_multiplies = 64;  ///< for each row, at most

/// Whether multiply_narrow is faster than a product in tiles.
template <class T>
bool is_narrow(bool transpose_a, std::int64_t m, std::int64_t n, std::int64_t k) {
  return !transpose_a && n > 0 && n <= narrow_columns && k <= narrow_multiplies / n && m >= 2 * short_rows<T>;
}

/// c = a op(b), or c += a op(b), for a[m, k] and c[m, n]. Terms are added in their order, to the bits of a
/// product in tiles.
template <class T>
void multiply_narrow_rows(bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const T* a,
                          const T* b, bool accumulate, T* c) {
  using V = xsimd::batch<T>;
  constexpr std::int64_t width = V::size, rows = short_rows<T>;
  RowBlock<T> from, to;
  for (std::int64_t i = 0; i < m; i += rows) {
    const std::int64_t count = std::min(rows, m - i);
    load_rows(from, a + i * k, k, m - i);
    if (accumulate) load_rows(to, c + i * n, n, m - i);
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t l = 0; l < rows; l += width) {
        V sum(T(0));
        for (std::int64_t p = 0; p < k; ++p)
          sum = simd::fma(V(transpose_b ? b[j * k + p] : b[p * n + j]),
                          V::load_aligned(from.at + p * rows + l), sum);
        T* at = to.at + j * rows + l;
        (accumulate ? V::load_aligned(at) + sum : sum).store_aligned(at);
      }
    store_rows(c + i * n, to, n, count);
  }
}

/// The same, by several threads where it is large.
template <class T>
void multiply_narrow(bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const T* a, const T* b,
                     bool accumulate, T* c) {
  const std::int64_t block = m * (n + k) <= large_work ? m : block_elements / (n + k);
  parallel_for(m, block, [=](std::int64_t first, std::int64_t last) {
    multiply_narrow_rows(transpose_b, last - first, n, k, a + first * k, b, accumulate, c + first * n);
  });
}

}  // namespace xgrad::detail
