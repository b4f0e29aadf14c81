#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace xgrad::test {

/// The C library's next wider type; that of double is long double, of 64 bits on x86-64.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;

/// The error of a value in units of the last place of the exact one, or of a larger number that the result is
/// a difference from; subnormal numbers included.
template <class T>
double ulps(T got, Wide<T> exact, Wide<T> larger = 0) {
  const T nearest = static_cast<T>(exact);
  if (std::isnan(nearest)) return std::isnan(got) ? 0 : INFINITY;
  if (std::isinf(nearest) || std::isinf(got)) return got == nearest ? 0 : INFINITY;
  int exponent = std::numeric_limits<T>::min_exponent;
  if (const Wide<T> scale = std::max(std::abs(exact), std::abs(larger)); scale != 0) {
    int e;
    std::frexp(scale, &e);
    exponent = std::max(exponent, e);
  }
  const Wide<T> unit = std::ldexp(Wide<T>(1), exponent - std::numeric_limits<T>::digits);
  return static_cast<double>(std::abs(static_cast<Wide<T>>(got) - exact) / unit);
}

}  // namespace xgrad::test
