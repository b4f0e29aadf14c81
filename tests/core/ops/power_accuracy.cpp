#include <cmath>

#include "core/ops/ulps.hpp"

using namespace xgrad;
using test::ulps;
using test::Wide;

namespace {

template <class T>
Tensor of(const std::vector<T>& values) {
  return tensor(values);
}

/// The largest error of x^p.
template <class T>
double worst_power(const std::vector<T>& x, const std::vector<T>& p) {
  const auto y = pow(of(x), of(p)).template to_vector<T>();
  double worst = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double error = ulps<T>(y[i], std::pow(Wide<T>(x[i]), Wide<T>(p[i])));
    INFO("at ", static_cast<double>(x[i]), " to the ", static_cast<double>(p[i]));
    CHECK(error <= 2);
    worst = std::max(worst, error);
  }
  return worst;
}

/// Bases of every size and ones about 1, with exponents that bring the power anywhere in the range and
/// beyond.
template <class T>
double worst_power(double base_exponents, double low, double high) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<T> x, p;
  for (int i = 0; i < 60000; ++i) {
    const double base = i % 2 ? std::exp2((2 * unit(random) - 1) * base_exponents)
                              : 1 + (2 * unit(random) - 1) * std::pow(1e-6, unit(random)) / 2;
    x.push_back(static_cast<T>(base));
    const double log = std::log(static_cast<double>(x.back()));
    p.push_back(static_cast<T>(i % 3 ? (low + unit(random) * (high - low)) / log : 6 * unit(random) - 3));
  }
  return worst_power(x, p);
}

template <class T>
const std::vector<T> edges = {0,
                              -T(0),
                              1,
                              -1,
                              T(0.5),
                              T(-0.5),
                              2,
                              -2,
                              3,
                              -3,
                              T(1.5),
                              T(-1.5),
                              INFINITY,
                              -INFINITY,
                              NAN,
                              std::numeric_limits<T>::denorm_min(),
                              -std::numeric_limits<T>::denorm_min(),
                              std::numeric_limits<T>::min(),
                              std::numeric_limits<T>::max(),
                              -std::numeric_limits<T>::max(),
                              T(9007199254740991),
                              T(-9007199254740991),
                              T(16777215),
                              T(-16777215),
                              1 - std::numeric_limits<T>::epsilon(),
                              1 + std::numeric_limits<T>::epsilon(),
                              -1 + std::numeric_limits<T>::epsilon()};

template <class T>
void check_power(T y, T x, T p, double bound) {
  CAPTURE(x);
  CAPTURE(p);
  const auto exact = std::pow(Wide<T>(x), Wide<T>(p));
  CHECK(ulps<T>(y, exact) <= bound);
  if (!std::isnan(exact)) CHECK(std::signbit(y) == std::signbit(exact));
}

template <class T>
void check_edges() {
  const auto& x = edges<T>;
  const auto n = static_cast<std::int64_t>(x.size());
  const auto table = pow(of(x).reshape({n, 1}), of(x)).template to_vector<T>();
  for (std::size_t k = 0; k < x.size(); ++k) {
    const auto to_number = pow(of(x), static_cast<double>(x[k])).template to_vector<T>();
    const auto of_number = pow(static_cast<double>(x[k]), of(x)).template to_vector<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      check_power<T>(table[i * x.size() + k], x[i], x[k], 1);
      check_power<T>(to_number[i], x[i], x[k], 2);
      check_power<T>(of_number[i], x[k], x[i], 1);
    }
  }
}

}  // namespace

TEST_CASE("powers are within 1 ulp over the whole range") {
  CHECK(worst_power<float>(140, -110, 95) <= 1);
  CHECK(worst_power<double>(1060, -760, 715) <= 1);
}

TEST_CASE("powers at 0, inf, nan and negative numbers are the C library's, with their signs") {
  check_edges<float>();
  check_edges<double>();
}

TEST_CASE("powers that a double holds are exact") {
  std::vector<double> x, p, exact;
  for (int i = -300; i <= 300; ++i)
    for (int k = 0; k <= 6; ++k) {
      double y = 1;
      for (int j = 0; j < k; ++j) y *= i;
      x.push_back(i), p.push_back(k), exact.push_back(y);
    }

  CHECK(pow(of(x), of(p)).to_vector<double>() == exact);
}
