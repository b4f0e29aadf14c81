#include <cmath>

#include "core/ops/ulps.hpp"

using namespace xgrad;
using test::check_ulps;

TEST_CASE("exponentials are within 2 ulp, with subnormal results and up to the limit") {
  check_ulps(
      "exp", 2, [](const Tensor& x) { return exp(x); }, [](auto x) { return std::exp(x); }, -750, 710, -105,
      89);
  check_ulps(
      "exp2", 2, [](const Tensor& x) { return exp2(x); }, [](auto x) { return std::exp2(x); }, -1080, 1025,
      -152, 129);
  check_ulps(
      "expm1", 2, [](const Tensor& x) { return expm1(x); }, [](auto x) { return std::expm1(x); }, -40, 710,
      -20, 89);
}

TEST_CASE("logarithms are within 2 ulp, of subnormal numbers too") {
  check_ulps(
      "log", [](const Tensor& x) { return log(x); }, [](auto x) { return std::log(x); }, 1e-20, 4);
  check_ulps(
      "log2", [](const Tensor& x) { return log2(x); }, [](auto x) { return std::log2(x); }, 1e-20, 4);
  check_ulps(
      "log10", [](const Tensor& x) { return log10(x); }, [](auto x) { return std::log10(x); }, 1e-20, 4);
  check_ulps(
      "log1p", [](const Tensor& x) { return log1p(x); }, [](auto x) { return std::log1p(x); }, -1.1, 4);
}

TEST_CASE("circular functions are within 2 ulp, of large angles too") {
  for (const double high : {4.0, 1e3, 1e6, 1e15}) {
    check_ulps(
        "sin", [](const Tensor& x) { return sin(x); }, [](auto x) { return std::sin(x); }, -high, high);
    check_ulps(
        "cos", [](const Tensor& x) { return cos(x); }, [](auto x) { return std::cos(x); }, -high, high);
    check_ulps(
        "tan", [](const Tensor& x) { return tan(x); }, [](auto x) { return std::tan(x); }, -high, high);
    check_ulps(
        "atan", [](const Tensor& x) { return atan(x); }, [](auto x) { return std::atan(x); }, -high, high);
  }
  check_ulps(
      "asin", [](const Tensor& x) { return asin(x); }, [](auto x) { return std::asin(x); }, -1.1, 1.1);
  check_ulps(
      "acos", [](const Tensor& x) { return acos(x); }, [](auto x) { return std::acos(x); }, -1.1, 1.1);
}

TEST_CASE("hyperbolic functions are within 2 ulp") {
  check_ulps(
      "tanh", [](const Tensor& x) { return tanh(x); }, [](auto x) { return std::tanh(x); }, -25, 25);
  check_ulps(
      "sinh", 2, [](const Tensor& x) { return sinh(x); }, [](auto x) { return std::sinh(x); }, -711, 711, -90,
      90);
  check_ulps(
      "cosh", 2, [](const Tensor& x) { return cosh(x); }, [](auto x) { return std::cosh(x); }, -711, 711, -90,
      90);
  for (const double high : {4.0, 1e20}) {
    check_ulps(
        "asinh", [](const Tensor& x) { return asinh(x); }, [](auto x) { return std::asinh(x); }, -high, high);
    check_ulps(
        "acosh", [](const Tensor& x) { return acosh(x); }, [](auto x) { return std::acosh(x); }, 0.9, high);
  }
  check_ulps(
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
  check_ulps(
      "sigmoid", 2, [](const Tensor& x) { return sigmoid(x); }, sigmoid_of, -750, 750, -105, 105);
  check_ulps("softplus", 2, plain, softplus_of, -750, 750, -105, 105);
  check_ulps(
      "logsigmoid", 2, [](const Tensor& x) { return logsigmoid(x); },
      [&](auto x) { return -softplus_of(-x); }, -750, 750, -105, 105);
}

TEST_CASE("an element's value does not depend on where it stands") {
  const Tensor x = randn({200}, {.dtype = float32}, Generator(3)) * 3;
  const std::vector<Tensor (*)(const Tensor&)> ops = {exp,   log1p, tanh,   sin,    erf,     sqrt,
                                                      asinh, erfc,  erfinv, lgamma, digamma, sinc};

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
