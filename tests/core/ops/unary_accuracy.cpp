#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <random>

#include "core/ops/ulps.hpp"
#include "xgrad/core.hpp"

// Values in units in the last place, against the C library in the next wider type; in float64 that is long
// double, of 64 bits, on x86-64.

using namespace xgrad;
using test::ulps;
using test::Wide;

namespace {

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
void check(const char* name, double bound, F op, R reference, double low, double high, double low32,
           double high32) {
  INFO(name);
  CHECK(worst_of<float>(op, reference, low32, high32) <= bound);
  CHECK(worst_of<double>(op, reference, low, high) <= bound);
}

template <class F, class R>
void check(const char* name, F op, R reference, double low, double high) {
  check(name, 2, op, reference, low, high, low, high);
}

}  // namespace

TEST_CASE("exponentials are within 2 ulp, with subnormal results and up to the limit") {
  check(
      "exp", 2, [](const Tensor& x) { return exp(x); }, [](auto x) { return std::exp(x); }, -750, 710, -105,
      89);
  check(
      "exp2", 2, [](const Tensor& x) { return exp2(x); }, [](auto x) { return std::exp2(x); }, -1080, 1025,
      -152, 129);
  check(
      "expm1", 2, [](const Tensor& x) { return expm1(x); }, [](auto x) { return std::expm1(x); }, -40, 710,
      -20, 89);
}

TEST_CASE("logarithms are within 2 ulp, of subnormal numbers too") {
  check(
      "log", [](const Tensor& x) { return log(x); }, [](auto x) { return std::log(x); }, 1e-20, 4);
  check(
      "log2", [](const Tensor& x) { return log2(x); }, [](auto x) { return std::log2(x); }, 1e-20, 4);
  check(
      "log10", [](const Tensor& x) { return log10(x); }, [](auto x) { return std::log10(x); }, 1e-20, 4);
  check(
      "log1p", [](const Tensor& x) { return log1p(x); }, [](auto x) { return std::log1p(x); }, -1.1, 4);
}

TEST_CASE("circular functions are within 2 ulp, of large angles too") {
  for (const double high : {4.0, 1e3, 1e6, 1e15}) {
    check(
        "sin", [](const Tensor& x) { return sin(x); }, [](auto x) { return std::sin(x); }, -high, high);
    check(
        "cos", [](const Tensor& x) { return cos(x); }, [](auto x) { return std::cos(x); }, -high, high);
    check(
        "tan", [](const Tensor& x) { return tan(x); }, [](auto x) { return std::tan(x); }, -high, high);
    check(
        "atan", [](const Tensor& x) { return atan(x); }, [](auto x) { return std::atan(x); }, -high, high);
  }
  check(
      "asin", [](const Tensor& x) { return asin(x); }, [](auto x) { return std::asin(x); }, -1.1, 1.1);
  check(
      "acos", [](const Tensor& x) { return acos(x); }, [](auto x) { return std::acos(x); }, -1.1, 1.1);
}

TEST_CASE("hyperbolic functions are within 2 ulp") {
  check(
      "tanh", [](const Tensor& x) { return tanh(x); }, [](auto x) { return std::tanh(x); }, -25, 25);
  check(
      "sinh", 2, [](const Tensor& x) { return sinh(x); }, [](auto x) { return std::sinh(x); }, -711, 711, -90,
      90);
  check(
      "cosh", 2, [](const Tensor& x) { return cosh(x); }, [](auto x) { return std::cosh(x); }, -711, 711, -90,
      90);
  for (const double high : {4.0, 1e20}) {
    check(
        "asinh", [](const Tensor& x) { return asinh(x); }, [](auto x) { return std::asinh(x); }, -high, high);
    check(
        "acosh", [](const Tensor& x) { return acosh(x); }, [](auto x) { return std::acosh(x); }, 0.9, high);
  }
  check(
      "atanh", [](const Tensor& x) { return atanh(x); }, [](auto x) { return std::atanh(x); }, -1.1, 1.1);
}

TEST_CASE("sigmoid, softplus and logsigmoid are within 2 ulp in both tails") {
  const auto sigmoid_of = [](auto x) {
    return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
  };
  const auto softplus_of = [](auto x) {
    return std::max(x, decltype(x)(0)) + std::log1p(std::exp(-std::abs(x)));
  };
  const auto plain = [](const Tensor& x) { return softplus(x, 1, INFINITY); };
  check(
      "sigmoid", 2, [](const Tensor& x) { return sigmoid(x); }, sigmoid_of, -750, 750, -105, 105);
  check("softplus", 2, plain, softplus_of, -750, 750, -105, 105);
  check(
      "logsigmoid", 2, [](const Tensor& x) { return logsigmoid(x); },
      [&](auto x) { return -softplus_of(-x); }, -750, 750, -105, 105);
}

TEST_CASE("the error function is within 2 ulp, its complement within 5, gelu within 7") {
  check(
      "erf", [](const Tensor& x) { return erf(x); }, [](auto x) { return std::erf(x); }, -7, 7);
  check(
      "erfc", 5, [](const Tensor& x) { return erfc(x); }, [](auto x) { return std::erfc(x); }, -7, 28, -7,
      11);
  const auto gelu_of = [](auto x) { return x * std::erfc(-x / std::numbers::sqrt2_v<decltype(x)>) / 2; };
  const auto with_limits = [&](auto x) { return std::isinf(x) ? std::max(x, decltype(x)(0)) : gelu_of(x); };
  check(
      "gelu", 7, [](const Tensor& x) { return gelu(x); }, with_limits, -36, 10, -12, 10);
}

TEST_CASE(
    "the inverse of the error function is within 2 ulp, and inf, nan and a gradient of inf at the ends") {
  const auto exact = [](long double x) {  // Newton's method from what double precision gives
    long double y = erfinv(tensor(std::vector<double>{static_cast<double>(x)})).item();
    for (int i = 0; i < 2 && std::isfinite(y) && x != 0; ++i) {
      const long double error = std::abs(x) < 0.5L ? std::erf(y) - x
                                : x > 0            ? (1 - x) - std::erfc(y)
                                                   : std::erfc(-y) - (1 + x);
      y -= error / (2 * std::numbers::inv_sqrtpi_v<long double> * std::exp(-y * y));
    }
    return y;
  };
  for (const double x : {-1 + 0x1p-53, -0.9, -0.5, -0.3, -1e-7, -1e-300, 0.0, 5e-324, 2e-8, 0.1, 0.49999, 0.7,
                         0.99, 1 - 0x1p-40, 1 - 0x1p-53}) {
    CAPTURE(x);
    CHECK(ulps(erfinv(tensor(std::vector<double>{x})).item(), exact(x)) <= 2);
    CHECK(ulps(erfinv(tensor(std::vector<double>{x}, {.dtype = float32})).item<float>(),
               static_cast<double>(exact(static_cast<float>(x)))) <= 1);
  }

  const Tensor ends = tensor(std::vector<double>{-1, 1, 1.5, NAN}, {.requires_grad = true});
  const Tensor y = erfinv(ends);
  CHECK(y.at({0}) == -INFINITY);
  CHECK(y.at({1}) == INFINITY);
  CHECK(std::isnan(y.at({2})));
  CHECK(std::isnan(y.at({3})));
  const Tensor g = tensor({1.0, -2.0, 0.0, 0.0}, {.dtype = float64});
  CHECK(grad({y}, {ends}, {g})[0].to_vector<double>() == std::vector<double>{INFINITY, -INFINITY, 0, 0});
}

TEST_CASE("an element's value does not depend on where it stands") {
  const Tensor x = randn({200}, {.dtype = float32}, Generator(3)) * 3;
  const std::vector<Tensor (*)(const Tensor&)> ops = {exp, log1p, tanh, sin, erf, sqrt, asinh};

  for (const auto op : ops) {
    const std::vector<float> all = op(x).to_vector<float>();
    for (const std::int64_t first : {1, 3, 16, 37}) {
      for (const std::int64_t length : {1, 7, 16, 33}) {
        const std::vector<float> part = op(x.slice(0, first, first + length)).to_vector<float>();
        for (std::size_t i = 0; i < part.size(); ++i) {
          const float expected = all[static_cast<std::size_t>(first) + i];
          CHECK((part[i] == expected || (std::isnan(part[i]) && std::isnan(expected))));
        }
      }
    }
  }
}
