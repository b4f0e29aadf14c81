#pragma once

#include <type_traits>

#include "xgrad/simd/instructions.hpp"

// The batches that `fuse` computes with: a register full of numbers, by the vector types that g++ and clang
// share. A file with `fuse` is the user's to compile, and the headers of intrinsics take longer to read than
// all else in it.

namespace xgrad::simd {

/// Lanes that are all ones where a comparison holds, else 0.
template <class T, unsigned on = machine>
struct Mask {
  using Lane = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  using Lanes = typename Register<Lane>::Lanes;
  Lanes lanes;

  friend Mask operator&(const Mask& a, const Mask& b) { return {a.lanes & b.lanes}; }
  friend Mask operator|(const Mask& a, const Mask& b) { return {a.lanes | b.lanes}; }
  friend Mask operator~(const Mask& a) { return {~a.lanes}; }
  friend Mask operator!(const Mask& a) { return {~a.lanes}; }
};

template <class T, unsigned on = machine>
struct Batch {
  using value_type = T;
  using Lanes = typename Register<T>::Lanes;
  using Aligned [[gnu::vector_size(register_bytes), gnu::may_alias]] = T;
  using Anywhere [[gnu::vector_size(register_bytes), gnu::aligned(alignof(T)), gnu::may_alias]] =
      T;  ///< in memory
  static constexpr std::size_t size = register_bytes / sizeof(T);
  Lanes lanes;

  Batch() = default;
  Batch(const Lanes& all) : lanes(all) {}
  Batch(T each) : lanes(each - Lanes{}) {}  // -0 stays

  // By way of a value: clang takes a reference to one for a reference to the other, which is aligned.
  static Batch load_unaligned(const T* p) {
    const Lanes all = *reinterpret_cast<const Anywhere*>(p);
    return all;
  }
  static Batch load_aligned(const T* p) {
    const Lanes all = *reinterpret_cast<const Aligned*>(p);
    return all;
  }
  void store_unaligned(T* p) const { *reinterpret_cast<Anywhere*>(p) = lanes; }
  void store_aligned(T* p) const { *reinterpret_cast<Aligned*>(p) = lanes; }

  friend Batch operator+(const Batch& a, const Batch& b) { return a.lanes + b.lanes; }
  friend Batch operator-(const Batch& a, const Batch& b) { return a.lanes - b.lanes; }
  friend Batch operator*(const Batch& a, const Batch& b) { return a.lanes * b.lanes; }
  friend Batch operator/(const Batch& a, const Batch& b) { return a.lanes / b.lanes; }
  friend Batch operator-(const Batch& a) { return -a.lanes; }
  Batch& operator+=(const Batch& b) { return *this = *this + b; }

  friend Mask<T, on> operator<(const Batch& a, const Batch& b) { return {a.lanes < b.lanes}; }
  friend Mask<T, on> operator<=(const Batch& a, const Batch& b) { return {a.lanes <= b.lanes}; }
  friend Mask<T, on> operator>(const Batch& a, const Batch& b) { return {a.lanes > b.lanes}; }
  friend Mask<T, on> operator>=(const Batch& a, const Batch& b) { return {a.lanes >= b.lanes}; }
  friend Mask<T, on> operator==(const Batch& a, const Batch& b) { return {a.lanes == b.lanes}; }
  friend Mask<T, on> operator!=(const Batch& a, const Batch& b) { return {a.lanes != b.lanes}; }

  // of whole numbers
  friend Batch operator&(const Batch& a, const Batch& b) { return a.lanes & b.lanes; }
  friend Batch operator|(const Batch& a, const Batch& b) { return a.lanes | b.lanes; }
  friend Batch operator^(const Batch& a, const Batch& b) { return a.lanes ^ b.lanes; }
  friend Batch operator<<(const Batch& a, int n) { return a.lanes << static_cast<T>(n); }
  friend Batch operator>>(const Batch& a, int n) { return a.lanes >> static_cast<T>(n); }
};

template <class To, class T, unsigned on>
To bitwise_cast(const Batch<T, on>& x) {
  return (typename To::Lanes)x.lanes;
}
template <class T, unsigned on>
Batch<T, on> select(const Mask<T, on>& m, const Batch<T, on>& a, const Batch<T, on>& b) {
  return m.lanes ? a.lanes : b.lanes;
}
/// b where either is nan.
template <class T, unsigned on>
Batch<T, on> max(const Batch<T, on>& a, const Batch<T, on>& b) {
  return Instructions<on>::max(a.lanes, b.lanes);
}
template <class T, unsigned on>
Batch<T, on> min(const Batch<T, on>& a, const Batch<T, on>& b) {
  return Instructions<on>::min(a.lanes, b.lanes);
}
template <class T, unsigned on>
Batch<T, on> sqrt(const Batch<T, on>& x) {
  return Instructions<on>::sqrt(x.lanes);
}
template <class T, unsigned on>
Batch<T, on> copysign(const Batch<T, on>& x, const Batch<T, on>& sign) {
  using M = typename Mask<T, on>::Lanes;
  const M top = (M)Batch<T, on>(T(-0.0)).lanes;
  return (typename Batch<T, on>::Lanes)(((M)x.lanes & ~top) | ((M)sign.lanes & top));
}
template <class T, unsigned on>
Batch<T, on> abs(const Batch<T, on>& x) {
  return copysign(x, Batch<T, on>(0));
}
/// By a sum at which the places behind the point are lost.
template <class T, unsigned on>
Batch<T, on> floor(const Batch<T, on>& x) {
  using V = Batch<T, on>;
  const V large(sizeof(T) == 4 ? T(0x1p23) : T(0x1p52)), shift = copysign(large, x);
  const V near = (x + shift) - shift;
  return select(abs(x) < large, copysign(select(near > x, near - V(1), near), x), x);
}
template <class T, unsigned on>
bool any(const Mask<T, on>& m) {
  return Instructions<on>::any((typename Register<int>::Lanes)m.lanes);
}
template <class T, unsigned on>
bool all(const Mask<T, on>& m) {
  return !any(~m);
}
/// The sum of the lanes: their halves added, and again, down to one.
template <class T, unsigned on>
T hadd(const Batch<T, on>& x) {
  T lane[x.size];
  x.store_unaligned(lane);
  for (std::size_t half = x.size / 2; half > 0; half /= 2)
    for (std::size_t j = 0; j < half; ++j) lane[j] += lane[j + half];
  return lane[0];
}

/// What functions.hpp asks of a kind of batches, beside operators and the functions above.
template <class V>
struct Kind;
template <class T, unsigned on>
struct Kind<Batch<T, on>> {
  template <class U>
  using Of = Batch<U, on>;

  /// x y + z.
  static Batch<T, on> fma(const Batch<T, on>& x, const Batch<T, on>& y, const Batch<T, on>& z) {
    return Instructions<on>::fma(x.lanes, y.lanes, z.lanes);
  }
};

}  // namespace xgrad::simd
