#pragma once

#include "kernels/products/tile.hpp"

// Copies of parts of the operands in the order in which a tile reads them.

namespace {

template <class T>
using Half = typename Vectors<T, 32>::InRegister;  // half of an AVX-512 register
template <class T>
using HalfInMemory = typename Vectors<T, 32>::InMemory;

/// Interleaves rows k and k + half for each k; done log2(side) times, it transposes.
[[gnu::always_inline]] inline void interleave(Half<float> (&to)[8], const Half<float> (&from)[8]) {
  for (int k = 0; k < 4; ++k) {
    to[2 * k] = __builtin_shufflevector(from[k], from[k + 4], 0, 8, 1, 9, 2, 10, 3, 11);
    to[2 * k + 1] = __builtin_shufflevector(from[k], from[k + 4], 4, 12, 5, 13, 6, 14, 7, 15);
  }
}
[[gnu::always_inline]] inline void interleave(Half<double> (&to)[4], const Half<double> (&from)[4]) {
  for (int k = 0; k < 2; ++k) {
    to[2 * k] = __builtin_shufflevector(from[k], from[k + 2], 0, 4, 1, 5);
    to[2 * k + 1] = __builtin_shufflevector(from[k], from[k + 2], 2, 6, 3, 7);
  }
}

/// to[i * to_step + j] = from[j * from_step + i] for i, j < 32 bytes, in registers.
template <class T>
[[gnu::always_inline]] inline void turn_square(T* to, Int to_step, const T* from, Int from_step) {
  constexpr int side = 32 / sizeof(T);
  Half<T> a[side], b[side];
  for (int k = 0; k < side; ++k) a[k] = *reinterpret_cast<const HalfInMemory<T>*>(from + k * from_step);
  interleave(b, a);
  interleave(a, b);
  if constexpr (side == 8) interleave(b, a);
  for (int k = 0; k < side; ++k)
    *reinterpret_cast<HalfInMemory<T>*>(to + k * to_step) = side == 8 ? b[k] : a[k];
}

/// to[p * width + j] = op(b)[p, j] for p < k, j < n, and 0 for n <= j < width.
template <class T>
void pack_panel(bool transpose, Int k, Int n, Int width, const T* b, Int step, T* to) {
  if (!transpose) {
    for (Int p = 0; p < k; ++p, to += width, b += step) {
      Int j = 0;
      for (; j + lanes<T> <= n; j += lanes<T>) store(to + j, load(b + j));
      for (; j < n; ++j) to[j] = b[j];
      for (; j < width; ++j) to[j] = 0;
    }
    return;
  }
  constexpr Int side = 32 / sizeof(T);
  Int j = 0;
  for (; j + side <= n; j += side) {
    Int p = 0;
    for (; p + side <= k; p += side) turn_square(to + p * width + j, width, b + j * step + p, step);
    for (; p < k; ++p)
      for (Int i = j; i < j + side; ++i) to[p * width + i] = b[i * step + p];
  }
  for (; j < width; ++j)
    for (Int p = 0; p < k; ++p) to[p * width + j] = j < n ? b[j * step + p] : T(0);
}

/// The rows of a turned block in tiles: to[i * k + p * tile_rows + u] = a[p * step + i + u] for the tile from
/// i on. By squares of which both sides are whole lines of the cache, along the rows of a as they lie in
/// memory.
template <class T>
void pack_turned(Int k, Int m, const T* a, Int step, T* to) {
  constexpr Int in_line = 64 / sizeof(T), lines = in_line / tile_rows;
  const Int whole_k = k / lines * lines, whole_m = m / in_line * in_line;
  for (Int p = 0; p < whole_k; p += lines)
    for (Int i = 0; i < whole_m; i += tile_rows)
      for (Int q = p; q < p + lines; ++q)
        for (Int u = 0; u < tile_rows; ++u) to[i * k + q * tile_rows + u] = a[q * step + i + u];
  for (Int i = 0; i < m; i += tile_rows)
    for (Int p = i < whole_m ? whole_k : 0; p < k; ++p)
      for (Int u = 0; u < tile_rows && i + u < m; ++u) to[i * k + p * tile_rows + u] = a[p * step + i + u];
}

}  // namespace
