#pragma once

#include "kernels/products/pack.hpp"

// Products by blocks that the caches hold: for each block of k, a panel of b as wide as a tile, which the L1
// or L2 cache keeps while the tiles go down its columns.
// (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008.)

namespace {

using xgrad::detail::MatrixProduct;
using xgrad::detail::ProductKernels;

inline constexpr Int most_rows = 512;  ///< of a block of m

inline Int least(Int a, Int b) { return a < b ? a : b; }
inline Int blocks_of(Int n, Int most) { return (n + most - 1) / most; }

/// Columns rounded up to whole registers.
template <class T>
inline Int padded(Int n) {
  return blocks_of(n, lanes<T>) * lanes<T>;
}

/// Columns of the next panel of so many that are left: those of a tile, but not so that one register is left,
/// for which the rows of a would be read once more.
template <class T>
inline Int panel_columns(Int left) {
  if (blocks_of(left, lanes<T>) == tile_registers + 1) return (tile_registers - 1) * lanes<T>;
  return least(left, tile_columns<T>);
}

/// What a block works in.
template <class T>
struct Room {
  alignas(64) T panel[most_depth * tile_columns<T> + lanes<T>];  ///< of b
  alignas(64) T tile[tile_rows * tile_columns<T>];               ///< of c, where a tile sticks out
  T* rows;                                                       ///< of a, turned
};

/// Columns [j, j + n) of rows [p0, p0 + k) of op(b), as a tile reads them.
template <class T>
struct Panel {
  const T* at;
  Int step;
};

template <class T>
void pack_panel_of(bool transpose, const Rows<T>& b, Int j, Int n, Int p0, Int k, T* to) {
  transpose ? pack_turned_panel(k, n, padded<T>(n), b, p0, j, to)
            : pack_panel(k, n, padded<T>(n), b, p0, j, to);
}

/// In place, or packed; j is a column of op(b).
template <class T>
Panel<T> panel_of(const MatrixProduct<T>& p, Int j, Int n, Int p0, Int k, Int m, Room<T>& room) {
  const Int width = padded<T>(n);
  if (p.packed.at) return {p.packed.at + p0 * p.packed.columns + j * k, width};
  const bool lies_so = !p.transpose_b && !p.placed.rows && n == width;
  if (lies_so && m <= 2 * tile_rows) return {p.b + p0 * p.ldb + j, p.ldb};  // too few rows to copy it for
  pack_panel_of<T>(p.transpose_b, {p.b, p.ldb, p.placed}, j, n, p0, k, room.panel);
  return {room.panel, width};
}

/// Row u of a tile that sticks out: n of its sums at c, with what becomes of them.
template <class T>
void store_inside(Int n, T* sums, Ending<T> end, Int u, T* c) {
  alignas(64) T start[tile_columns<T>];
  if (end.start) copy_part(n, end.start + u * end.step, start);
  for (Int v = 0; v < n; v += lanes<T>) {
    Register<T> sum = load(sums + v);
    if (end.start)
      sum = load(start + v) + sum;
    else if (end.each)
      sum = (end.each[u] - Register<T>{}) + sum;
    store(sums + v, end.relu ? rectified<T>(sum) : sum);
  }
  copy_part(n, sums, c);
}

/// One column of tiles: c[m x n] = a b + start, n at most the width of a tile.
template <class T, bool turned>
void multiply_column(Int m, Int n, Int k, const T* a, Int step_a, Int next_a, Panel<T> b, T* c, Int step_c,
                     Ending<T> end, Room<T>& room) {
  const Int registers = blocks_of(n, lanes<T>), width = registers * lanes<T>;
  for (Int i = 0; i < m; i += tile_rows) {
    const Int rows = least(tile_rows, m - i);
    const Tile<T> tile = tiles<T, turned>.of[rows - 1][registers - 1];
    if (n == width) {
      tile(k, a, step_a, b.at, b.step, c, step_c, end);
    } else {
      tile(k, a, step_a, b.at, b.step, room.tile, width, {});
      for (Int u = 0; u < rows; ++u) store_inside(n, room.tile + u * width, end, u, c + u * step_c);
    }
    a += next_a, c += tile_rows * step_c;
    if (end.start) end.start += tile_rows * end.step;
    if (end.each) end.each += tile_rows;
  }
}

/// Whether the columns of a are read so often that they are turned first.
template <class T>
bool packs_rows(const MatrixProduct<T>& p) {
  return p.transpose_a && p.n > 2 * tile_columns<T>;
}

/// Rows [i0, i0 + m) of c, by the terms [p0, p0 + k).
template <class T>
void multiply_block(const MatrixProduct<T>& p, Int i0, Int m, Int p0, Int k, Room<T>& room) {
  const T* a = p.transpose_a ? p.a + p0 * p.lda + i0 : p.a + i0 * p.lda + p0;
  const bool pack_a = packs_rows(p), add = p.add || p0 > 0, relu = p.relu && p0 + k == p.k;
  if (pack_a) pack_turned(k, m, a, p.lda, room.rows);
  for (Int j = 0, n = 0; j < p.n; j += n) {
    n = panel_columns<T>(p.n - j);
    const Panel<T> b = panel_of(p, p.first + j, n, p0, k, m, room);
    T* c = p.c + i0 * p.ldc + j;
    Ending<T> end = {add ? c : nullptr, add ? p.ldc : 0, nullptr, relu};
    if (!add && p.bias) p.bias_of_rows ? end.each = p.bias + i0 : end.start = p.bias + j;
    if (pack_a)
      multiply_column<T, true>(m, n, k, room.rows, tile_rows, tile_rows * k, b, c, p.ldc, end, room);
    else if (p.transpose_a)
      multiply_column<T, true>(m, n, k, a, p.lda, tile_rows, b, c, p.ldc, end, room);
    else
      multiply_column<T, false>(m, n, k, a, p.lda, tile_rows * p.lda, b, c, p.ldc, end, room);
  }
}

/// For the turned rows of a block.
template <class T>
Int room_of(const MatrixProduct<T>& p) {
  return packs_rows(p)
             ? blocks_of(least(p.m, most_rows + tile_rows), tile_rows) * tile_rows * least(p.k, most_depth)
             : 0;
}

template <class T>
void multiply(const MatrixProduct<T>& p, T* rows) {
  Room<T> room;
  room.rows = rows;
  const Int deep = blocks_of(p.k, most_depth), high = blocks_of(p.m, most_rows);
  const Int tiles_of_rows = blocks_of(p.m, tile_rows);
  for (Int x = 0; x < high; ++x) {
    const Int first = tiles_of_rows * x / high * tile_rows,
              last = least(p.m, tiles_of_rows * (x + 1) / high * tile_rows);
    for (Int y = 0; y < deep; ++y) {
      const Int p0 = p.k * y / deep;
      multiply_block(p, first, last - first, p0, p.k * (y + 1) / deep - p0, room);
    }
  }
}

/// op(b) in the blocks of k that `multiply` has, each in its panels.
template <class T>
void pack_whole(bool transpose_b, Int n, Int k, const T* b, Int ldb, T* to) {
  const Int deep = blocks_of(k, most_depth), columns = padded<T>(n);
  for (Int y = 0; y < deep; ++y) {
    const Int p0 = k * y / deep, depth = k * (y + 1) / deep - p0;
    for (Int j = 0, some = 0; j < n; j += some) {
      some = panel_columns<T>(n - j);
      pack_panel_of<T>(transpose_b, {b, ldb, {}}, j, some, p0, depth, to + p0 * columns + j * depth);
    }
  }
}

template <class T>
inline constexpr ProductKernels<T> kernels = {tile_rows,   tile_columns<T>, room_of<T>,
                                              multiply<T>, padded<T>,       pack_whole<T>};

}  // namespace
