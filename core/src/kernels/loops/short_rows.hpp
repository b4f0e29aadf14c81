#pragma once

#include <algorithm>

#include "kernels/loops/transpose.hpp"
#include "kernels/loops/vector.hpp"

// Rows of few elements, several at a time: a block of them is transposed into the nearest cache, where
// element i of all its rows makes up one vector, and what is made there is transposed back. One row after the
// other would leave most of each vector empty and wait for every step.

namespace xgrad::detail {

/// Rows in a block.
template <class T>
inline constexpr std::int64_t short_rows = lanes<T>;

/// The longest rows that are worth it.
template <class T>
inline constexpr std::int64_t longest_short_row = 4 * lanes<T>;

/// Elements of a block, [row element][row].
template <class T>
struct alignas(64) RowBlock {
  T at[longest_short_row<T> * short_rows<T>];
};

/// Calls tile(first row, first element) for the register tiles of a block of rows of n elements; the last one
/// along a row overlaps the one before.
template <class T, class F>
void each_tile(std::int64_t n, const F& tile) {
  constexpr std::int64_t side = tile_side<T>;
  for (std::int64_t l = 0; l < short_rows<T>; l += side) {
    for (std::int64_t i = 0; i + side < n; i += side) tile(l, i);
    tile(l, std::max<std::int64_t>(n - side, 0));
  }
}

/// block[i][l] = x[l * n + i] for the first short_rows of `count` rows of n <= longest_short_row elements; 0
/// in rows that are not there.
template <class T>
void load_rows(RowBlock<T>& block, const T* x, std::int64_t n, std::int64_t count) {
  constexpr std::int64_t side = tile_side<T>, rows = short_rows<T>;
  T padded[longest_short_row<T> * rows + side];
  if (count * n < (rows - 1) * n + std::max(n, side)) {  // a tile would reach behind the last row
    const std::int64_t there = std::min(count, rows) * n;
    std::memcpy(padded, x, static_cast<std::size_t>(there) * sizeof(T));
    std::fill(padded + there, padded + rows * n + side, T(0));
    x = padded;
  }
  each_tile<T>(n, [&](std::int64_t l, std::int64_t i) {
    transpose_tile(block.at + i * rows + l, rows, x + l * n + i, n);
  });
}

/// y[l * n + i] = block[i][l].
template <class T>
void store_rows(T* y, const RowBlock<T>& block, std::int64_t n, std::int64_t count) {
  constexpr std::int64_t side = tile_side<T>, rows = short_rows<T>;
  T padded[longest_short_row<T> * rows + side];
  const bool direct = n >= side && count == rows;
  T* to = direct ? y : padded;
  each_tile<T>(n, [&](std::int64_t l, std::int64_t i) {  // each row overwrites what the last one had too much
    transpose_tile(to + l * n + i, n, block.at + i * rows + l, rows);
  });
  if (!direct) std::memcpy(y, padded, static_cast<std::size_t>(count * n) * sizeof(T));
}

}  // namespace xgrad::detail
