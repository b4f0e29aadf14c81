// The values of elementwise ops beside scalar references: a formula that is wrong together with its gradient
// is seen nowhere else. Every elementwise op has a reference here, or a composed form.

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <numbers>
#include <sstream>

#include "core/ops/rows_checks.hpp"

namespace xgrad::test {

namespace {

using One = double (*)(double);
using Two = double (*)(double, double);
using Three = double (*)(double, double, double);

double floored(double a, double b) { return std::floor(a / b); }

double digamma_of(double x) {  // by the recurrence, then Stirling's series
  double y = 0;
  for (; x < 20; ++x) y -= 1 / x;
  const double z = 1 / (x * x);
  return y + std::log(x) - 0.5 / x -
         z * (1. / 12 - z * (1. / 120 - z * (1. / 252 - z * (1. / 240 - z / 132))));
}

double tetragamma_of(double x) {  // -2 (1 / x^3 + 1 / (x + 1)^3 + ...), the rest by Euler and Maclaurin
  double y = 0;
  for (; x < 30; ++x) y -= 2 / (x * x * x);
  const double z = 1 / (x * x);
  return y - z * (1 + 1 / x + z * (0.5 - z * (1. / 6 - z / 6)));
}

double erfinv_of(double x) {  // Newton's method
  double y = 0;
  for (int i = 0; i < 60; ++i) y -= (std::erf(y) - x) * std::sqrt(std::numbers::pi) / 2 * std::exp(y * y);
  return y;
}

const std::map<std::string, One> of_one = {
    {"rsqrt", [](double x) { return 1 / std::sqrt(x); }},
    {"square", [](double x) { return x * x; }},
    {"reciprocal", [](double x) { return 1 / x; }},
    {"sign", [](double x) { return x > 0   ? 1.0
                                   : x < 0 ? -1.0
                                           : x; }},
    {"nan_to_num", [](double x) { return x; }},
    {"neg", [](double x) { return -x; }},
    {"digamma", digamma_of},
    {"polygamma", tetragamma_of},
    {"erfinv", erfinv_of},
    {"sinc", [](double x) { return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x); }},
    {"logical_not", [](double x) { return x == 0 ? 1.0 : 0.0; }},
    {"isnan", [](double x) { return std::isnan(x) ? 1.0 : 0.0; }},
    {"isinf", [](double x) { return std::isinf(x) ? 1.0 : 0.0; }},
    {"isfinite", [](double x) { return std::isfinite(x) ? 1.0 : 0.0; }},
};

const std::map<std::string, Two> of_two = {
    {"mul0", [](double a, double b) { return a * b; }},
    {"maximum", [](double a, double b) { return a > b ? a : b; }},
    {"minimum", [](double a, double b) { return a < b ? a : b; }},
    {"logaddexp", [](double a, double b) { return std::log(std::exp(a) + std::exp(b)); }},
    {"xlogy", [](double a, double b) { return a * std::log(b); }},
    {"remainder", [](double a, double b) { return a - b * floored(a, b); }},
    {"floor_divide", floored},
    {"eq", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
    {"ne", [](double a, double b) { return a != b ? 1.0 : 0.0; }},
    {"lt", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
    {"le", [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
    {"gt", [](double a, double b) { return a > b ? 1.0 : 0.0; }},
    {"ge", [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
    {"logical_and", [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }},
    {"logical_or", [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }},
    {"logical_xor", [](double a, double b) { return (a != 0) != (b != 0) ? 1.0 : 0.0; }},
};

const std::map<std::string, Three> of_three = {
    {"where", [](double c, double a, double b) { return c != 0 ? a : b; }},
    {"lerp", [](double a, double b, double w) { return a * (1 - w) + b * w; }},
    {"addcmul", [](double x, double a, double b) { return x + a * b / 2; }},
    {"addcdiv", [](double x, double a, double b) { return x + a / b / 2; }},
};

template <class Map>
bool has(const Map& map, const std::string& name) {
  return map.find(name) != map.end();
}

/// The reference of a row at x; false where it has none.
bool reference(const Row& row, const std::vector<double>& x, double& y) {
  if (x.size() == 1 && has(of_one, row.name)) return y = of_one.at(row.name)(x[0]), true;
  if (x.size() == 2 && has(of_two, row.name)) return y = of_two.at(row.name)(x[0], x[1]), true;
  if (x.size() == 3 && has(of_three, row.name)) return y = of_three.at(row.name)(x[0], x[1], x[2]), true;
  return false;
}

}  // namespace

void check_values(const Row& row, Faults& faults) {
  if (!row.elementwise || row.kind == Kind::random || row.composed || c_function(row)) return;
  const Tensors x = make_inputs(row, std::vector<Shape>(row.inputs.size(), Shape{40}));
  const auto y = row.run(x)[0].to_vector<double>();
  for (std::size_t i = 0; i < y.size(); ++i) {
    std::vector<double> at;
    for (const Tensor& t : x) at.push_back(t.to_vector<double>()[i]);
    double right = 0;
    if (!reference(row, at, right))
      return faults.push_back("it has no reference, in rows_values.cpp or as its composed form");
    if (std::abs(y[i] - right) <= 1e-12 * (1 + std::abs(right))) continue;
    std::ostringstream s;
    s.precision(17);
    s << "it is " << y[i] << ", its reference " << right;
    return faults.push_back(s.str());
  }
}

TEST_CASE("another value than the reference's is a fault, and so is to have none") {
  const auto wrong = [](const Tensor& x, const Tensor& a, const Tensor& b) { return addcmul(x, a, b, 1); };

  CHECK(any_says(faults_of(elementwise("addcmul", Kind::smooth, {{{2, 3}}, {{2, 3}}, {{2, 3}}}, wrong)),
                 "its reference"));
  CHECK(any_says(
      faults_of(elementwise("new", Kind::smooth, {{{2, 3}}}, [](const Tensor& x) { return sin(x); })),
      "no reference"));
}

}  // namespace xgrad::test
