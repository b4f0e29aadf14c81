#pragma once

#include "kernels/products/product.hpp"
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

/// The rows of a matrix as they lie in memory.
template <class T>
struct Rows {
  const T* at;
  Int step;
  xgrad::detail::Placement placed;

  const T* operator[](Int i) const { return at + (placed.rows ? placed.rows[i] : i * step); }
};

/// Elements [first, first + n) of a row that consists of runs: where these lie, and where they are copied to.
template <int most>
struct Segments {
  struct {
    Int from, to, length;
  } of[most];
  int count = 0;

  Segments(const xgrad::detail::Placement& placed, Int first, Int n) {
    for (Int j = 0; j < n; ++count) {
      const Int line = (first + j) / placed.run, in_line = (first + j) % placed.run;
      const Int left = placed.run - in_line, length = left < n - j ? left : n - j;
      of[count] = {placed.lines[line] + in_line, j, length};
      j += length;
    }
  }
  /// Whole registers: what is written behind a run is written again by the next one.
  template <class T>
  void copy(const T* row, T* to) const {
    for (int i = 0; i < count; ++i)
      for (Int j = 0; j < of[i].length; j += lanes<T>) store(to + of[i].to + j, load(row + of[i].from + j));
  }
};

/// to[i * to_step + j] = from[j][i] for i, j < 32 bytes, in registers.
template <class T>
[[gnu::always_inline]] inline void turn_square(T* to, Int to_step, const T* const* from, Int offset) {
  constexpr int side = 32 / sizeof(T);
  Half<T> a[side], b[side];
  for (int k = 0; k < side; ++k) a[k] = *reinterpret_cast<const HalfInMemory<T>*>(from[k] + offset);
  interleave(b, a);
  interleave(a, b);
  if constexpr (side == 8) interleave(b, a);
  for (int k = 0; k < side; ++k)
    *reinterpret_cast<HalfInMemory<T>*>(to + k * to_step) = side == 8 ? b[k] : a[k];
}

/// to[p * width + j] = b[p0 + p][j0 + j] for p < k, j < n, and 0 for n <= j < width. Up to a register behind
/// the last row is written.
template <class T>
void pack_panel(Int k, Int n, Int width, const Rows<T>& b, Int p0, Int j0, T* to) {
  if (b.placed.run > 0) {
    const Segments<tile_columns<T>> segments(b.placed, j0, n);
    for (Int p = 0; p < k; ++p, to += width) {
      segments.copy(b[p0 + p], to);
      for (Int j = n; j < width; ++j) to[j] = 0;
    }
    return;
  }
  for (Int p = 0; p < k; ++p, to += width) {
    const T* row = b[p0 + p] + j0;
    Int j = 0;
    for (; j + lanes<T> <= n; j += lanes<T>) store(to + j, load(row + j));
    for (; j < n; ++j) to[j] = row[j];
    for (; j < width; ++j) to[j] = 0;
  }
}

/// to[p * width + j] = b[j0 + j][p0 + p] for p < k, j < n, and 0 for n <= j < width.
template <class T>
void pack_turned_panel(Int k, Int n, Int width, const Rows<T>& b, Int p0, Int j0, T* to) {
  constexpr Int side = 32 / sizeof(T), room = most_depth + lanes<T>;
  const bool in_runs = b.placed.run > 0;
  const Segments<most_depth> segments(b.placed, p0, in_runs ? k : 0);
  alignas(64) T lines[side * room];  // rows that consist of runs, made whole
  for (Int j = 0; j < n; j += side) {
    const Int some = side < n - j ? side : n - j;
    const T* rows[side];
    for (Int i = 0; i < some; ++i) rows[i] = b[j0 + j + i] + p0;
    for (Int i = 0; in_runs && i < some; ++i) {
      segments.copy(b[j0 + j + i], lines + i * room);
      rows[i] = lines + i * room;
    }
    Int p = 0;
    if (some == side)
      for (; p + side <= k; p += side) turn_square(to + p * width + j, width, rows, p);
    for (Int i = 0; i < some; ++i)
      for (Int q = p; q < k; ++q) to[q * width + j + i] = rows[i][q];
  }
  for (Int p = 0; p < k; ++p)
    for (Int i = n; i < width; ++i) to[p * width + i] = 0;
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
