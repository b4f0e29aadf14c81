#pragma once

#include <cstdint>
#include <cstring>

namespace xgrad::detail {

/// Bytes up to which a run is copied here: a call of memcpy for each would take longer than the copy.
inline constexpr std::int64_t longest_short_copy = 128;

/// to[k * step, ...] = n elements from source(k) on, or n times its first, for k < rows: as two pieces of a
/// fixed size, of which the second ends where the run ends.
template <bool repeat, std::size_t piece, class T, class Source>
void copy_in_pieces(T* to, std::int64_t step, std::int64_t n, std::int64_t rows, const Source& source) {
  constexpr std::int64_t count = piece / sizeof(T);
  const std::int64_t second = n - count;
  for (std::int64_t k = 0; k < rows; ++k, to += step) {
    const T* from = source(k);
    if constexpr (repeat) {
      T same[count];
      for (T& u : same) u = *from;
      std::memcpy(to, same, piece);
      if (second) std::memcpy(to + second, same, piece);
    } else {
      std::memcpy(to, from, piece);
      if (second) std::memcpy(to + second, from + second, piece);
    }
  }
}

/// The same for any 0 < n with n * sizeof(T) <= longest_short_copy.
template <bool repeat = false, std::size_t piece = 64, class T, class Source>
void copy_short_rows(T* to, std::int64_t step, std::int64_t n, std::int64_t rows, const Source& source) {
  if (static_cast<std::size_t>(n) * sizeof(T) >= piece)
    return copy_in_pieces<repeat, piece>(to, step, n, rows, source);
  if constexpr (piece > sizeof(T)) copy_short_rows<repeat, piece / 2>(to, step, n, rows, source);
}

}  // namespace xgrad::detail
