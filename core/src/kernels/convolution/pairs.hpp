#pragma once

#include <cstdint>

#include "kernels/loops/transpose.hpp"

// Lines whose neighbours go to two lines, and back: what a stride of 2 does. By registers of 32 bytes, since
// lines are short.

namespace xgrad::detail {

template <class V>
void split_registers(V& even, V& odd, const V& a, const V& b) {
  if constexpr (sizeof(a[0]) == 4) {
    even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
    odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
  } else {
    even = __builtin_shufflevector(a, b, 0, 2, 4, 6);
    odd = __builtin_shufflevector(a, b, 1, 3, 5, 7);
  }
}
template <class V>
void merge_registers(V& a, V& b, const V& even, const V& odd) {
  if constexpr (sizeof(a[0]) == 4) {
    a = __builtin_shufflevector(even, odd, 0, 8, 1, 9, 2, 10, 3, 11);
    b = __builtin_shufflevector(even, odd, 4, 12, 5, 13, 6, 14, 7, 15);
  } else {
    a = __builtin_shufflevector(even, odd, 0, 4, 1, 5);
    b = __builtin_shufflevector(even, odd, 2, 6, 3, 7);
  }
}

/// f(i) for pairs [i, i + tile_side) of n, the last ones overlapping those before; single(i) for each of
/// fewer.
template <class T, class F, class G>
void each_pair(std::int64_t n, const F& f, const G& single) {
  constexpr std::int64_t side = tile_side<T>;
  if (n < side) {
    for (std::int64_t i = 0; i < n; ++i) single(i);
    return;
  }
  for (std::int64_t i = 0; i + side < n; i += side) f(i);
  f(n - side);
}

/// even[i] = x[2 i], odd[i] = x[2 i + 1] for i < n.
template <class T>
void split_pairs(std::int64_t n, const T* x, T* even, T* odd) {
  using V = typename TileRow<T>::type;
  const auto registers = [=](std::int64_t i) {
    V a, b, u, v;
    std::memcpy(&a, x + 2 * i, sizeof a), std::memcpy(&b, x + 2 * i + tile_side<T>, sizeof b);
    split_registers(u, v, a, b);
    std::memcpy(even + i, &u, sizeof u), std::memcpy(odd + i, &v, sizeof v);
  };
  each_pair<T>(n, registers, [=](std::int64_t i) { even[i] = x[2 * i], odd[i] = x[2 * i + 1]; });
}

/// y[2 i] = even[i], y[2 i + 1] = odd[i] for i < n.
template <class T>
void merge_pairs(std::int64_t n, const T* even, const T* odd, T* y) {
  using V = typename TileRow<T>::type;
  const auto registers = [=](std::int64_t i) {
    V u, v, a, b;
    std::memcpy(&u, even + i, sizeof u), std::memcpy(&v, odd + i, sizeof v);
    merge_registers(a, b, u, v);
    std::memcpy(y + 2 * i, &a, sizeof a), std::memcpy(y + 2 * i + tile_side<T>, &b, sizeof b);
  };
  each_pair<T>(n, registers, [=](std::int64_t i) { y[2 * i] = even[i], y[2 * i + 1] = odd[i]; });
}

}  // namespace xgrad::detail
