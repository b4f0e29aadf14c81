#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "xgrad/core.hpp"

// Values in units in the last place, against the C library in the next wider type; in float64 that is long
// double, of 64 bits, on x86-64.

namespace xgrad::test {

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

/// Numbers evenly in [low, high], numbers of that sign and every size between, and special ones.
template <class T>
std::vector<T> numbers(double low, double high) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<T> x;
  for (int i = 0; i < 20000; ++i) x.push_back(static_cast<T>(low + unit(random) * (high - low)));
  for (int i = 0; i < 20000; ++i) {
    const double end = i % 2 ? low : high;
    x.push_back(static_cast<T>(end * std::pow(1e-40, unit(random))));
  }
  for (T v : {T(0), T(1), std::numeric_limits<T>::min(), std::numeric_limits<T>::denorm_min(),
              std::numeric_limits<T>::max(), std::numeric_limits<T>::infinity(), T(NAN)})
    x.push_back(v), x.push_back(-v);
  return x;
}

template <class T, class F, class R>
double worst_of(F op, R reference, double low, double high) {
  const std::vector<T> x = numbers<T>(low, high);
  const auto y = op(tensor(x)).template to_vector<T>();
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = ulps<T>(y[i], reference(static_cast<Wide<T>>(x[i])));
    if (!(error <= worst)) {
      worst = error;
      INFO("at ", static_cast<double>(x[i]), " it is ", static_cast<double>(y[i]));
      CHECK(error <= 7);
    }
  }
  return worst;
}

template <class F, class R>
void check_ulps(const char* name, double bound, F op, R reference, double low, double high, double low32,
                double high32) {
  INFO(name);
  CHECK(worst_of<float>(op, reference, low32, high32) <= bound);
  CHECK(worst_of<double>(op, reference, low, high) <= bound);
}

template <class F, class R>
void check_ulps(const char* name, F op, R reference, double low, double high) {
  check_ulps(name, 2, op, reference, low, high, low, high);
}

/// Equal with their signs, or both nan.
inline bool same(const std::vector<double>& a, const std::vector<double>& b) {
  bool all = a.size() == b.size();
  for (std::size_t i = 0; all && i < a.size(); ++i)
    all = std::isnan(a[i]) ? std::isnan(b[i]) : a[i] == b[i] && std::signbit(a[i]) == std::signbit(b[i]);
  return all;
}

}  // namespace xgrad::test
