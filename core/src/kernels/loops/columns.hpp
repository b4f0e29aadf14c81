#pragma once

#include <cstring>

#include "kernels/loops/block.hpp"

// Columns of neighbouring blocks, side by side in a scratch: a block of few columns leaves most of a vector
// empty.

namespace xgrad::detail {

/// f(n as a constant) for 2 <= n <= 8, so that copies of n elements are a few moves.
template <class F>
void with_few(std::int64_t n, const F& f) {
  const auto constant = [&]<std::int64_t k>(std::integral_constant<std::int64_t, k> c) { f(c); };
  switch (n) {
    case 2:
      return constant(std::integral_constant<std::int64_t, 2>());
    case 3:
      return constant(std::integral_constant<std::int64_t, 3>());
    case 4:
      return constant(std::integral_constant<std::int64_t, 4>());
    case 5:
      return constant(std::integral_constant<std::int64_t, 5>());
    case 6:
      return constant(std::integral_constant<std::int64_t, 6>());
    case 7:
      return constant(std::integral_constant<std::int64_t, 7>());
    default:
      return constant(std::integral_constant<std::int64_t, 8>());
  }
}

/// to[i * step + k * inner + j] = from[k, i, j] for blocks of 2 to 8 columns.
template <class T>
void gather_columns(const Block& b, const T* from, T* to, std::int64_t step) {
  with_few(b.inner, [&](auto inner) {
    for (std::int64_t k = 0; k < b.outer; ++k, to += inner)
      for (std::int64_t i = 0; i < b.n; ++i, from += inner)
        std::memcpy(to + i * step, from, sizeof(T) * std::size_t{inner});
  });
}

/// And back.
template <class T>
void scatter_columns(const Block& b, const T* from, std::int64_t step, T* to) {
  with_few(b.inner, [&](auto inner) {
    for (std::int64_t k = 0; k < b.outer; ++k, from += inner)
      for (std::int64_t i = 0; i < b.n; ++i, to += inner)
        std::memcpy(to, from + i * step, sizeof(T) * std::size_t{inner});
  });
}

}  // namespace xgrad::detail
