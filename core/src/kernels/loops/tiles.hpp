#pragma once

#include <cstdint>

#include "kernels/loops/work.hpp"

// Max pooling of tiles of 2 x 2: neighbours in a row first, then the rows, so that the loops run over whole
// planes where they can.

namespace xgrad::detail {

/// Whether b beats a that comes before it.
template <class T>
bool beats(T b, T a) {
  return (b > a) | ((b != b) & (a == a));
}

/// The larger of each pair of neighbours.
template <class T>
void max_of_pairs(std::int64_t pairs, const T* x, T* __restrict y) {
  for (std::int64_t i = 0; i < pairs; ++i) y[i] = beats(x[2 * i + 1], x[2 * i]) ? x[2 * i + 1] : x[2 * i];
}

/// The largest of each tile of a plane; `pairs` has room for one element of each two.
template <class T>
void max_of_tiles(std::int64_t rows, std::int64_t half, const T* x, T* pairs, T* __restrict y) {
  static constexpr Kernel kernel = {.name = "max_pool2d"};
  if (longest_unheard == 0) [[unlikely]]
    return launch(kernel, {.bytes = 5 * rows * half * bytes_of<T>},
                  [=] { max_of_tiles(rows, half, x, pairs, y); });
  max_of_pairs(2 * rows * half, x, pairs);
  for (std::int64_t r = 0; r < rows; ++r, pairs += 2 * half, y += half)
    for (std::int64_t i = 0; i < half; ++i)
      y[i] = beats(pairs[half + i], pairs[i]) ? pairs[half + i] : pairs[i];
}

/// dx = g at the first largest of each tile of a plane, 0 elsewhere.
template <class T>
void spread_to_tiles(std::int64_t rows, std::int64_t half, const T* x, const T* g, T* __restrict pairs,
                     T* __restrict dx) {
  static constexpr Kernel kernel = {.name = "max_pool2d_backward"};
  if (longest_unheard == 0) [[unlikely]]
    return launch(kernel, {.bytes = 9 * rows * half * bytes_of<T>},
                  [=] { spread_to_tiles(rows, half, x, g, pairs, dx); });
  max_of_pairs(2 * rows * half, x, pairs);
  T* p = pairs;
  for (std::int64_t r = 0; r < rows; ++r, p += 2 * half, g += half)
    for (std::int64_t i = 0; i < half; ++i) {
      const bool second = beats(p[half + i], p[i]);
      p[half + i] = second ? g[i] : T(0);
      p[i] = second ? T(0) : g[i];
    }
  for (std::int64_t i = 0; i < 2 * rows * half; ++i) {
    const bool second = beats(x[2 * i + 1], x[2 * i]);
    dx[2 * i] = second ? T(0) : pairs[i];
    dx[2 * i + 1] = second ? pairs[i] : T(0);
  }
}

}  // namespace xgrad::detail
