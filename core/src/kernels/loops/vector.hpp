#pragma once

#include <cstdint>
#include <cstring>

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

}  // namespace xgrad::detail
