#pragma once

#include <algorithm>

#include "kernels/loops/batch.hpp"

// Batches of fewer elements than they have lanes, at the end of a line. With masks where the processor has
// them, since lines may be short: the 10 classes of a classifier are less than one batch.

namespace xgrad::detail {

#if defined(__AVX2__)
/// All bits of the first m of 8 lanes of 32 bits, or of 4 of 64.
inline __m256i first_lanes(std::int64_t m, float) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(m)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline __m256i first_lanes(std::int64_t m, double) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(m), _mm256_setr_epi64x(0, 1, 2, 3));
}
#endif

/// The first m elements from p on, and `fill` in the other lanes.
template <class V>
V load_part(const typename V::value_type* p, std::int64_t m, typename V::value_type fill) {
  constexpr std::int64_t width = V::size;
  if (m >= width) return V::load_unaligned(p);
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && sizeof(*p) == 4)
    return _mm512_mask_loadu_ps(V(fill), static_cast<__mmask16>((1u << m) - 1), p);
  else if constexpr (sizeof(V) == 64)
    return _mm512_mask_loadu_pd(V(fill), static_cast<__mmask8>((1u << m) - 1), p);
#endif
#if defined(__AVX2__)
  if constexpr (sizeof(V) == 32) {
    const __m256i mask = first_lanes(m, *p);
    if constexpr (sizeof(*p) == 4)
      return _mm256_blendv_ps(V(fill), _mm256_maskload_ps(p, mask), _mm256_castsi256_ps(mask));
    else
      return _mm256_blendv_pd(V(fill), _mm256_maskload_pd(p, mask), _mm256_castsi256_pd(mask));
  }
#endif
  alignas(64) typename V::value_type padded[V::size];
  V(fill).store_aligned(padded);
  for (std::int64_t i = 0; i < m; ++i) padded[i] = p[i];
  return V::load_aligned(padded);
}

/// Stores the first m elements.
template <class V>
void store_part(typename V::value_type* p, std::int64_t m, const V& v) {
  constexpr std::int64_t width = V::size;
  if (m >= width) return v.store_unaligned(p);
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && sizeof(*p) == 4)
    return _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << m) - 1), v);
  else if constexpr (sizeof(V) == 64)
    return _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << m) - 1), v);
#endif
#if defined(__AVX2__)
  if constexpr (sizeof(V) == 32 && sizeof(*p) == 4)
    return _mm256_maskstore_ps(p, first_lanes(m, *p), v);
  else if constexpr (sizeof(V) == 32)
    return _mm256_maskstore_pd(p, first_lanes(m, *p), v);
#endif
  alignas(64) typename V::value_type padded[V::size];
  v.store_aligned(padded);
  for (std::int64_t i = 0; i < m; ++i) p[i] = padded[i];
}

/// The largest lane; unspecified where there is a nan.
template <class V>
typename V::value_type largest_lane(const V& v) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && sizeof(typename V::value_type) == 4)
    return _mm512_reduce_max_ps(v);
  else if constexpr (sizeof(V) == 64)
    return _mm512_reduce_max_pd(v);
#endif
  alignas(64) typename V::value_type lane[V::size];
  v.store_aligned(lane);
  for (std::size_t half = V::size / 2; half > 0; half /= 2)
    for (std::size_t j = 0; j < half; ++j) lane[j] = std::max(lane[j], lane[j + half]);
  return lane[0];
}

/// The sum of the lanes: their halves added, and again, down to one.
template <class V>
typename V::value_type sum_of_lanes(const V& v) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && sizeof(typename V::value_type) == 4)
    return _mm512_reduce_add_ps(v);
  else if constexpr (sizeof(V) == 64)
    return _mm512_reduce_add_pd(v);
#endif
  alignas(64) typename V::value_type lane[V::size];
  v.store_aligned(lane);
  for (std::size_t half = V::size / 2; half > 0; half /= 2)
    for (std::size_t j = 0; j < half; ++j) lane[j] += lane[j + half];
  return lane[0];
}

}  // namespace xgrad::detail
