#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/loops/batch.hpp"
#include "xgrad/simd/circular.hpp"

namespace xgrad::detail {

/// Elements of the uniform numbers that become normal ones together, and of the halves that make pairs.
inline constexpr std::int64_t normal_block = 16, normal_half = 8;

/// The sine and the cosine of angles in [0, 2 pi].
template <class V>
void sine_and_cosine(const V& angle, V& sine, V& cosine) {
  const auto turned = simd::turn(angle);
  sine = simd::circular(turned, turned.count);
  cosine = simd::circular(turned, turned.count + V(1));
}
template <class V>
requires(sizeof(typename V::value_type) == 4) void sine_and_cosine(const V& angle, V& sine, V& cosine) {
  using D = typename simd::Kind<V>::template Of<double>;
  constexpr std::int64_t width = V::size, step = D::size;
  simd::Widened<V> wide(angle), other(angle);
  for (std::int64_t i = 0; i < width; i += step) {
    D s, c;
    sine_and_cosine(D::load_aligned(wide.at + i), s, c);
    s.store_aligned(wide.at + i);
    c.store_aligned(other.at + i);
  }
  sine = wide.narrowed();
  cosine = other.narrowed();
}

/// Standard normal numbers from uniform ones in [0, 1): in each block of 16, u_j of the first half and v_j of
/// the second become r cos(2 pi v) and r sin(2 pi v), r = sqrt(-2 log(1 - u)). Box and Muller, 1958.
template <class T>
void box_muller(std::int64_t blocks, T* x) {
  using V = xsimd::batch<T>;
  constexpr std::int64_t width = V::size, together = 8, pairs = together * normal_half;
  constexpr std::size_t half_bytes = normal_half * sizeof(T);
  alignas(64) T u[pairs] = {}, v[pairs] = {};
  for (std::int64_t first = 0; first < blocks; first += together, x += together * normal_block) {
    const std::int64_t count = blocks - first < together ? blocks - first : together;
    for (std::int64_t k = 0; k < count; ++k) {
      std::memcpy(u + k * normal_half, x + k * normal_block, half_bytes);
      std::memcpy(v + k * normal_half, x + k * normal_block + normal_half, half_bytes);
    }
    for (std::int64_t i = 0; i < count * normal_half; i += width) {
      const V radius = xsimd::sqrt(V(T(-2)) * simd::log(V(T(1)) - V::load_aligned(u + i)));
      V sine, cosine;
      sine_and_cosine(V(T(2 * M_PI)) * V::load_aligned(v + i), sine, cosine);
      (radius * cosine).store_aligned(u + i);
      (radius * sine).store_aligned(v + i);
    }
    for (std::int64_t k = 0; k < count; ++k) {
      std::memcpy(x + k * normal_block, u + k * normal_half, half_bytes);
      std::memcpy(x + k * normal_block + normal_half, v + k * normal_half, half_bytes);
    }
  }
}

}  // namespace xgrad::detail
