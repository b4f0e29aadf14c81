#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>

#include "kernels/loops/work.hpp"

namespace xgrad::detail {

inline constexpr Kernel transpose_kernel = {.name = "transpose"};

/// Elements that one register tile has along each side: 32 bytes of them.
template <class T>
inline constexpr std::int64_t tile_side = 32 / sizeof(T);

template <class T>
struct TileRow;
template <>
struct TileRow<float> {
  using type __attribute__((vector_size(32))) = float;
};
template <>
struct TileRow<double> {
  using type __attribute__((vector_size(32))) = double;
};
template <>
struct TileRow<std::int64_t> {
  using type __attribute__((vector_size(32))) = std::int64_t;
};

/// Interleaves rows k and k + half for each k; done log2(side) times, it transposes.
template <class V>
void interleave(V (&to)[8], const V (&from)[8]) {
  for (int k = 0; k < 4; ++k) {
    to[2 * k] = __builtin_shufflevector(from[k], from[k + 4], 0, 8, 1, 9, 2, 10, 3, 11);
    to[2 * k + 1] = __builtin_shufflevector(from[k], from[k + 4], 4, 12, 5, 13, 6, 14, 7, 15);
  }
}
template <class V>
void interleave(V (&to)[4], const V (&from)[4]) {
  for (int k = 0; k < 2; ++k) {
    to[2 * k] = __builtin_shufflevector(from[k], from[k + 2], 0, 4, 1, 5);
    to[2 * k + 1] = __builtin_shufflevector(from[k], from[k + 2], 2, 6, 3, 7);
  }
}

/// to[i * to_step + j] = from[j * from_step + i] for i, j < tile_side, in registers.
template <class T>
void transpose_tile(T* to, std::int64_t to_step, const T* from, std::int64_t from_step) {
  constexpr int side = tile_side<T>;
  typename TileRow<T>::type a[side], b[side];
  for (int k = 0; k < side; ++k) std::memcpy(&a[k], from + k * from_step, sizeof a[k]);
  interleave(b, a);
  interleave(a, b);
  if constexpr (side == 8) {
    interleave(b, a);
    for (int k = 0; k < side; ++k) std::memcpy(to + k * to_step, &b[k], sizeof b[k]);
  } else {
    for (int k = 0; k < side; ++k) std::memcpy(to + k * to_step, &a[k], sizeof a[k]);
  }
}

/// to[i * to_step + j] = from[j * from_step + i] for i < n, j < m, in blocks that the nearest caches and the
/// table of pages hold on both sides: a part of a kernel.
template <class T>
void transpose_tiles(T* __restrict to, std::int64_t to_step, const T* __restrict from, std::int64_t from_step,
                     std::int64_t n, std::int64_t m) {
  constexpr std::int64_t block = 64;
  const auto scalars = [&](std::int64_t i0, std::int64_t i1, std::int64_t j0, std::int64_t j1) {
    for (std::int64_t i = i0; i < i1; ++i)
      for (std::int64_t j = j0; j < j1; ++j) to[i * to_step + j] = from[j * from_step + i];
  };
  for (std::int64_t j0 = 0; j0 < m; j0 += block)
    for (std::int64_t i0 = 0; i0 < n; i0 += block) {
      const std::int64_t i1 = std::min(i0 + block, n), j1 = std::min(j0 + block, m);
      if constexpr (std::same_as<T, bool>) {
        scalars(i0, i1, j0, j1);
      } else {
        constexpr std::int64_t side = tile_side<T>;
        const std::int64_t i2 = i1 - (i1 - i0) % side, j2 = j1 - (j1 - j0) % side;
        for (std::int64_t i = i0; i < i2; i += side)
          for (std::int64_t j = j0; j < j2; j += side)
            transpose_tile(to + i * to_step + j, to_step, from + j * from_step + i, from_step);
        scalars(i0, i2, j2, j1);
        scalars(i2, i1, j0, j1);
      }
    }
}

/// to[i * to_step + j] = from[j * from_step + i] for i < n, j < m.
template <class T>
void transpose_plane(T* __restrict to, std::int64_t to_step, const T* __restrict from, std::int64_t from_step,
                     std::int64_t n, std::int64_t m) {
  launch(transpose_kernel, {.bytes = n * m * bytes_of<T, T>},
         [=] { transpose_tiles(to, to_step, from, from_step, n, m); });
}

}  // namespace xgrad::detail
