#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

// Whole vectors, for the few loops that the compiler does not turn into vector code by itself: those that
// carry floating values from one step to the next.

namespace xgrad::detail {

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  using type __attribute__((vector_size(64))) = float;
};
template <>
struct VectorOf<double> {
  using type __attribute__((vector_size(64))) = double;
};

/// 64 bytes of floats or doubles; arithmetic and comparisons work on all at once. Never passed by value.
template <class T>
using Vector = typename VectorOf<T>::type;

/// Elements in 64 bytes.
template <class T>
inline constexpr std::int64_t lanes = 64 / sizeof(T);

template <class T>
void load_vector(Vector<T>& v, const T* from) {
  std::memcpy(&v, from, sizeof v);
}

/// v with what stands `half` lanes behind in each of the first `half` lanes.
template <std::int64_t half, class T>
void fold_back(Vector<T>& v, const Vector<T>& from) {
  static_assert(half < lanes<T>);
  if constexpr (lanes<T> == 16)
    v = __builtin_shufflevector(from, from, half, half + 1, (half + 2) % 16, (half + 3) % 16, (half + 4) % 16,
                                (half + 5) % 16, (half + 6) % 16, (half + 7) % 16, (half + 8) % 16,
                                (half + 9) % 16, (half + 10) % 16, (half + 11) % 16, (half + 12) % 16,
                                (half + 13) % 16, (half + 14) % 16, (half + 15) % 16);
  else
    v = __builtin_shufflevector(from, from, half, (half + 1) % 8, (half + 2) % 8, (half + 3) % 8,
                                (half + 4) % 8, (half + 5) % 8, (half + 6) % 8, (half + 7) % 8);
}

/// Puts `fill` into the first n lanes.
template <class T>
void fill_lanes(Vector<T>& v, std::int64_t n, T fill) {
  using Int = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  typedef Int Places __attribute__((vector_size(64)));
  Places place;
  for (std::int64_t i = 0; i < lanes<T>; ++i) place[i] = static_cast<Int>(i);
  v = place < static_cast<Int>(n) ? Vector<T>{} + fill : v;
}

}  // namespace xgrad::detail
