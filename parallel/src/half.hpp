#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace xgrad::parallel::detail {

// Numbers of 16 bits: the nearest, of two equally near the even one. What is beyond the largest finite one
// becomes that, so that the rest can follow in the next step; nan stays nan.

inline constexpr float largest_float16 = 65504;

/// IEEE 754's binary16: 5 bits of exponent, 10 of fraction.
inline std::uint16_t to_float16(float v) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(v) ? 0x8000 : 0);
  const float a = std::abs(v);
  if (std::isnan(v)) return static_cast<std::uint16_t>(sign | 0x7e00);
  if (a >= largest_float16) return static_cast<std::uint16_t>(sign | 0x7bff);
  // Adding a power of two makes the sum's last bit that of the result: 2^-24 below 2^-14, else 2^-10 of a's
  // own.
  const std::uint32_t exponent = std::max(std::bit_cast<std::uint32_t>(a) >> 23, 113u);
  const float magic = std::bit_cast<float>((exponent + 13) << 23);
  const std::uint32_t steps = std::bit_cast<std::uint32_t>(a + magic) - std::bit_cast<std::uint32_t>(magic);
  return static_cast<std::uint16_t>(sign | (((exponent - 113) << 10) + steps));
}

inline float from_float16(std::uint16_t h) {
  const int exponent = (h >> 10) & 31, fraction = h & 1023;
  const float a =
      exponent == 31 ? (fraction ? std::nanf("") : INFINITY)
      : exponent == 0
          ? std::ldexp(static_cast<float>(fraction), -24)
          : std::bit_cast<float>(static_cast<std::uint32_t>((exponent + 112) << 23 | fraction << 13));
  return h & 0x8000 ? -a : a;
}

/// The upper half of a float32: 8 bits of exponent, 7 of fraction.
inline std::uint16_t to_bfloat16(float v) {
  const auto bits = std::bit_cast<std::uint32_t>(v);
  if (std::isnan(v)) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  if (std::isinf(v)) return static_cast<std::uint16_t>((bits >> 16) - 1);
  const std::uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
  const bool is_beyond = (rounded & 0x7f800000) == 0x7f800000;
  return static_cast<std::uint16_t>((rounded >> 16) - is_beyond);
}

inline float from_bfloat16(std::uint16_t h) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(h) << 16);
}

}  // namespace xgrad::parallel::detail
