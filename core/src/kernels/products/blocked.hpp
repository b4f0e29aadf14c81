#pragma once

#include "kernels/products/pack.hpp"
#include "kernels/products/product.hpp"

// Products by blocks that the caches hold: for each block of k, a panel of b as wide as a tile, which the L1
// or L2 cache keeps while the tiles go down its columns.
// (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008.)

namespace {

using xgrad::detail::MatrixProduct;
using xgrad::detail::ProductKernels;

inline constexpr Int most_depth = 256;  ///< of a block of k
inline constexpr Int most_rows = 512;   ///< of a block of m

inline Int least(Int a, Int b) { return a < b ? a : b; }
inline Int blocks_of(Int n, Int most) { return (n + most - 1) / most; }

/// Columns rounded up to whole registers.
template <class T>
inline Int padded(Int n) {
  return blocks_of(n, lanes<T>) * lanes<T>;
}

/// What a block works in.
template <class T>
struct Room {
  alignas(64) T panel[most_depth * tile_columns<T>];  ///< of b
  alignas(64) T tile[tile_rows * tile_columns<T>];    ///< of c, where a tile sticks out
  T* rows;                                            ///< of a, turned
};

/// Where the columns of a block of b are read: in place, or packed.
template <class T>
struct Panel {
  const T* at;
  Int step;
};
template <class T>
Panel<T> panel_of(const MatrixProduct<T>& p, Int j, Int n, Int p0, Int k, Int m, Room<T>& room) {
  const Int width = padded<T>(n);
  const T* b = p.transpose_b ? p.b + j * p.ldb + p0 : p.b + p0 * p.ldb + j;
  if (!p.transpose_b && n == width && m <= 2 * tile_rows) return {b, p.ldb};  // too few rows to copy it for
  pack_panel(p.transpose_b, k, n, width, b, p.ldb, room.panel);
  return {room.panel, width};
}

/// One column of tiles: c[m x n] = a b + (add ? c : 0), n at most the width of a tile.
template <class T, bool turned>
void multiply_column(Int m, Int n, Int k, const T* a, Int step_a, Int next_a, Panel<T> b, T* c, Int step_c,
                     bool add, Room<T>& room) {
  const Int registers = blocks_of(n, lanes<T>), width = registers * lanes<T>;
  for (Int i = 0; i < m; i += tile_rows, a += next_a, c += tile_rows * step_c) {
    const Int rows = least(tile_rows, m - i);
    const Tile<T> tile = tiles<T, turned>.of[rows - 1][registers - 1];
    if (n == width) {
      tile(k, a, step_a, b.at, b.step, c, step_c, add);
      continue;
    }
    tile(k, a, step_a, b.at, b.step, room.tile, width, false);
    for (Int u = 0; u < rows; ++u)
      for (Int v = 0; v < n; ++v) {
        T& to = c[u * step_c + v];
        to = add ? to + room.tile[u * width + v] : room.tile[u * width + v];
      }
  }
}

/// Whether the columns of a are read so often that they are turned first.
template <class T>
bool packs_rows(const MatrixProduct<T>& p) {
  return p.transpose_a && p.n > 2 * tile_columns<T>;
}

template <class T>
void multiply_block(const MatrixProduct<T>& p, Int i0, Int m, Int p0, Int k, bool add, Room<T>& room) {
  const T* a = p.transpose_a ? p.a + p0 * p.lda + i0 : p.a + i0 * p.lda + p0;
  const bool pack_a = packs_rows(p);
  if (pack_a) pack_turned(k, m, a, p.lda, room.rows);
  for (Int j = 0; j < p.n; j += tile_columns<T>) {
    const Int n = least(tile_columns<T>, p.n - j);
    const Panel<T> b = panel_of(p, j, n, p0, k, m, room);
    T* c = p.c + i0 * p.ldc + j;
    if (pack_a)
      multiply_column<T, true>(m, n, k, room.rows, tile_rows, tile_rows * k, b, c, p.ldc, add, room);
    else if (p.transpose_a)
      multiply_column<T, true>(m, n, k, a, p.lda, tile_rows, b, c, p.ldc, add, room);
    else
      multiply_column<T, false>(m, n, k, a, p.lda, tile_rows * p.lda, b, c, p.ldc, add, room);
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
      multiply_block(p, first, last - first, p0, p.k * (y + 1) / deep - p0, p.add || y > 0, room);
    }
  }
}

template <class T>
inline constexpr ProductKernels<T> kernels = {tile_rows, tile_columns<T>, room_of<T>, multiply<T>};

}  // namespace
