#pragma once

#include <concepts>
#include <cstdint>

// Arithmetic whose integers wrap around modulo 2^64, as NumPy's do, where C++ leaves an overflow undefined.
// Floating values that no int64 holds become the smallest one, as the processor makes them.

namespace xgrad::detail {

template <class T>
inline T plus(const T& u, const T& v) {
  return u + v;
}
template <class T>
inline T minus(const T& u, const T& v) {
  return u - v;
}
template <class T>
inline T times(const T& u, const T& v) {
  return u * v;
}

template <>
inline std::int64_t plus(const std::int64_t& u, const std::int64_t& v) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(u) + static_cast<std::uint64_t>(v));
}
template <>
inline std::int64_t minus(const std::int64_t& u, const std::int64_t& v) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(u) - static_cast<std::uint64_t>(v));
}
template <>
inline std::int64_t times(const std::int64_t& u, const std::int64_t& v) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(u) * static_cast<std::uint64_t>(v));
}

template <class T, class S>
inline T converted(S v) {
  if constexpr (std::floating_point<S> && std::same_as<T, std::int64_t>)
    return v >= S(-0x1p63) && v < S(0x1p63) ? static_cast<T>(v) : INT64_MIN;
  else
    return static_cast<T>(v);
}

}  // namespace xgrad::detail
