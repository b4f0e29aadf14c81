#pragma once

#include "kernels/attention/attention.hpp"
#include "kernels/blas/blas.hpp"
#include "kernels/loops/lines.hpp"

// Rows of scores.

namespace xgrad::detail {

/// The part of a mask that belongs to a row of scores.
template <class T>
struct MaskRow {
  const T* at;
  bool broadcast;  ///< one number for the row

  template <class L>
  typename L::V load(const L& along, std::int64_t i) const {
    return broadcast ? typename L::V(*at) : along.load(at, i);
  }
};

/// That of query i from key j on.
template <class T>
MaskRow<T> mask_row(const Attention<T>& a, std::int64_t head, std::int64_t i, std::int64_t j) {
  if (!a.mask) return {nullptr, false};
  return {a.mask + a.mask_of[head] + i * a.mask_row + j * a.mask_column, a.mask_column == 0};
}

/// e^(v - top), and 0 where v is -inf. Apart: on the way of exp to 0 lie subnormal numbers, which many
/// processors are slow with.
template <class V>
V weight_of(const V& v, const V& top) {
  const auto hidden = v == V(-std::numeric_limits<typename V::value_type>::infinity());
  return xsimd::select(hidden, V(0), simd::exp(xsimd::select(hidden, V(0), v - top)));
}

/// Heads, or parts of them, of so many products of two numbers that are worth a thread of their own.
inline std::int64_t worth_a_thread(std::int64_t products) {
  return std::max<std::int64_t>(large_product / (products + 1), 1);
}

}  // namespace xgrad::detail
