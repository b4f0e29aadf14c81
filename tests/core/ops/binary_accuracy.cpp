#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "core/ops/ulps.hpp"
#include "xgrad/core.hpp"

// Values of functions of two numbers against the C library: in units in the last place of its next wider
// type, or exactly.

using namespace xgrad;
using test::ulps;
using test::Wide;

namespace {

/// Pairs of numbers: each special one with each, then numbers of like sizes, and of any.
template <class T>
std::vector<std::vector<T>> pairs() {
  using L = std::numeric_limits<T>;
  const T special[] = {T(0),          T(1),           T(0.5),          T(3),
                       T(1e-20),      T(1e20),        L::min(),        L::max(),
                       L::infinity(), L::quiet_NaN(), L::denorm_min(), T(1) - L::epsilon()};
  std::vector<T> a, b;
  for (const T u : special)
    for (const T v : special)
      for (int signs = 0; signs < 4; ++signs)
        a.push_back(signs & 1 ? -u : u), b.push_back(signs & 2 ? -v : v);
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> unit(-1, 1);
  const int top = L::max_exponent - 2, bottom = L::min_exponent - L::digits;
  for (int i = 0; i < 40000; ++i) {
    const int e = static_cast<int>(std::lround(bottom + (top - bottom) * (unit(random) + 1) / 2));
    const int apart = static_cast<int>(30 * unit(random));
    a.push_back(static_cast<T>(std::ldexp(unit(random), i % 2 ? 2 : e)));
    b.push_back(static_cast<T>(std::ldexp(unit(random), i % 2 ? 2 : std::clamp(e + apart, bottom, top))));
  }
  return {a, b};
}

using Function = Tensor (*)(const Tensor&, const Tensor&);

/// Calls f(a, b, op(a, b)) for all pairs.
template <class T, class F>
void each_pair(Function op, F f) {
  const auto p = pairs<T>();
  const std::vector<T> y = op(tensor(p[0]), tensor(p[1])).template to_vector<T>();
  for (std::size_t i = 0; i < y.size(); ++i) f(p[0][i], p[1][i], y[i]);
}

template <class T>
bool same(T u, T v) {
  return (std::isnan(u) && std::isnan(v)) || (u == v && std::signbit(u) == std::signbit(v));
}

template <class T, class R>
void check_ulps(Function op, double bound, R reference) {
  double worst = 0;
  each_pair<T>(op, [&](T a, T b, T y) {
    const auto [exact, larger] = reference(static_cast<Wide<T>>(a), static_cast<Wide<T>>(b));
    const double error = ulps<T>(y, exact, larger);
    const bool sign_is_right = y != 0 || exact != 0 || std::signbit(y) == std::signbit(exact);
    if (error <= worst && sign_is_right) return;
    worst = std::max(worst, error);
    CAPTURE(a);
    CAPTURE(b);
    CHECK(error <= bound);
    CHECK(sign_is_right);
  });
}

/// Both dtypes. The reference gives the exact value, and a number in whose last places it may err.
template <class R>
void check(Function op, double bound, R reference) {
  check_ulps<float>(op, bound, reference);
  check_ulps<double>(op, bound, reference);
}

template <class T, class R>
void check_exactly(Function op, R reference) {
  int wrong = 0;
  each_pair<T>(op, [&](T a, T b, T y) {
    if (same(y, reference(a, b)) || ++wrong > 5) return;
    CAPTURE(a);
    CAPTURE(b);
    CAPTURE(y);
    CHECK(same(y, reference(a, b)));
  });
}

template <class T>
T remainder_of(T u, T v) {
  const T r = std::fmod(u, v);
  return r != 0 && std::signbit(u) != std::signbit(v) ? r + v : r;
}

}  // namespace

TEST_CASE("atan2 is within 2 ulp, with the C library's zeros and infinities") {
  check(atan2, 2, [](auto y, auto x) { return std::pair(std::atan2(y, x), decltype(x)(0)); });
}

TEST_CASE("hypot is within 2 ulp, and inf beside nan") {
  check(hypot, 2, [](auto a, auto b) { return std::pair(std::hypot(a, b), decltype(a)(0)); });
}

TEST_CASE("xlogy is within 2 ulp, and 0 where x = 0 and y is not nan") {
  check(xlogy, 2, [](auto x, auto y) {
    using T = decltype(x);
    return std::pair(x == 0 && y == y ? T(0) : x * std::log(y), T(0));
  });
}

TEST_CASE("logaddexp is within 2 ulp of the larger of its value, its terms and what rounding a - b costs") {
  check(logaddexp, 2, [](auto a, auto b) {
    using T = decltype(a);
    const T top = a > b ? a : b, apart = a == b ? T(0) : std::abs(a - b), rest = std::log1p(std::exp(-apart));
    return std::pair(top + rest, std::max(std::abs(top), rest > 0 ? rest * (1 + apart) : T(0)));
  });
}

TEST_CASE("fmod and remainder are the C library's, whatever the quotient") {
  check_exactly<float>(fmod, [](float a, float b) { return std::fmod(a, b); });
  check_exactly<double>(fmod, [](double a, double b) { return std::fmod(a, b); });
  check_exactly<float>(remainder, remainder_of<float>);
  check_exactly<double>(remainder, remainder_of<double>);
}

TEST_CASE("fmod beside multiples of the divisor, where the rounded quotient is a whole number") {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> unit(-1, 1);
  std::vector<double> a, b;
  for (int i = 0; i < 20000; ++i) {
    b.push_back(10 * unit(random));
    a.push_back(std::nextafter(std::floor(1e4 * unit(random)) * b.back(), (i % 3 - 1) * 1e9));
  }

  const std::vector<double> y = fmod(tensor(a), tensor(b)).to_vector<double>();

  int wrong = 0;
  for (std::size_t i = 0; i < y.size(); ++i) wrong += !same(y[i], std::fmod(a[i], b[i]));
  CHECK(wrong == 0);
}

TEST_CASE("floor_divide is the exact floor, and follows Python at zeros and infinities") {
  const auto exact = [](auto a, auto b) {
    using T = decltype(a);
    const T r = std::fmod(a, b);
    if (b == 0) return a / b;
    const Wide<T> whole = (static_cast<Wide<T>>(a) - r) / b;
    const T below = static_cast<T>(r != 0 && std::signbit(a) != std::signbit(b) ? whole - 1 : whole);
    return below == 0 ? std::copysign(below, std::signbit(a) == std::signbit(b) ? T(1) : T(-1)) : below;
  };
  const auto close = [&](auto a, auto b, auto y) {
    const auto floor = exact(a, b);
    const auto digits = 1 / std::numeric_limits<decltype(a)>::epsilon();
    if (std::abs(floor) < digits || !std::isfinite(floor)) return same(y, floor);
    return std::abs(y / floor - 1) <= 2 / digits;
  };
  each_pair<float>(floor_divide, [&](float a, float b, float y) {
    if (!close(a, b, y)) FAIL_CHECK(a, " // ", b, " is ", y);
  });
  each_pair<double>(floor_divide, [&](double a, double b, double y) {
    if (!close(a, b, y)) FAIL_CHECK(a, " // ", b, " is ", y);
  });
  CHECK(floor_divide(tensor({-1.0}), tensor({double{INFINITY}})).item<double>() == -1);
}

TEST_CASE("a function of two numbers gives the same wherever they stand and however they broadcast") {
  const Tensor a = randn({4, 37}, {.dtype = float32}, Generator(3)) * 3;
  const Tensor b = randn({4, 1}, {.dtype = float32}, Generator(4)) * 3;

  for (const Function op : {Function(atan2), Function(hypot), Function(logaddexp), Function(xlogy),
                            Function(fmod), Function(remainder), Function(floor_divide), Function(maximum)}) {
    const Tensor all = op(a, b);
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 37; ++j) {
        const float whole = all.at<float>({i, j}),
                    one = op(a.slice(0, i, i + 1).slice(1, j, j + 1), b.slice(0, i, i + 1)).item<float>();
        CHECK(same(whole, one));
      }
  }
}
