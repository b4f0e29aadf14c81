// Elementwise ops at zeros of both signs, infinities and nan: the C library's values where it has the
// function, and curvatures.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <sstream>

#include "core/ops/rows_checks.hpp"

namespace xgrad::test {

namespace {

using Unary = double (*)(double);
using Binary = double (*)(double, double);

const std::map<std::string, Unary> of_one = {
    {"exp", std::exp},   {"exp2", std::exp2},   {"expm1", std::expm1},   {"log", std::log},
    {"log2", std::log2}, {"log10", std::log10}, {"log1p", std::log1p},   {"sqrt", std::sqrt},
    {"abs", std::fabs},  {"floor", std::floor}, {"ceil", std::ceil},     {"trunc", std::trunc},
    {"sin", std::sin},   {"cos", std::cos},     {"tan", std::tan},       {"asin", std::asin},
    {"acos", std::acos}, {"atan", std::atan},   {"sinh", std::sinh},     {"cosh", std::cosh},
    {"tanh", std::tanh}, {"asinh", std::asinh}, {"acosh", std::acosh},   {"atanh", std::atanh},
    {"erf", std::erf},   {"erfc", std::erfc},   {"lgamma", std::lgamma}, {"round", std::nearbyint}};

const std::map<std::string, Binary> of_two = {{"atan2", std::atan2},
                                              {"hypot", std::hypot},
                                              {"pow", std::pow},
                                              {"fmod", std::fmod},
                                              {"add", [](double a, double b) { return a + b; }},
                                              {"sub", [](double a, double b) { return a - b; }},
                                              {"mul", [](double a, double b) { return a * b; }},
                                              {"div", [](double a, double b) { return a / b; }}};

constexpr double none = std::numeric_limits<double>::quiet_NaN();
const std::vector<double> specials = {0.0, -0.0, 1.0, -1.0, 0.5, -2.5, INFINITY, -INFINITY, none};

bool same_as_c(double y, double c) {
  if (std::isnan(y) || std::isnan(c)) return std::isnan(y) && std::isnan(c);
  if (y == 0 && c == 0) return std::signbit(y) == std::signbit(c);
  return y == c || std::abs(y - c) <= 4 * std::numeric_limits<double>::epsilon() * std::abs(c);
}

void compare(double y, double c, const std::string& at, Faults& faults) {
  if (same_as_c(y, c)) return;
  std::ostringstream s;
  s << "at " << at << " it is " << y << ", in the C library " << c;
  faults.push_back(s.str());
}

void check_c(const Row& row, Faults& faults) {
  const auto one = of_one.find(row.name);
  const auto two = of_two.find(row.name);
  if (row.inputs.size() == 1 && one != of_one.end()) {
    const auto y = row.run({tensor(specials)})[0].to_vector<double>();
    for (std::size_t i = 0; i < y.size(); ++i)
      compare(y[i], one->second(specials[i]), std::to_string(specials[i]), faults);
  }
  if (row.inputs.size() == 2 && two != of_two.end())
    for (const double b : specials) {
      const auto y = row.run({tensor(specials), tensor(b, {.dtype = float64})})[0].to_vector<double>();
      for (std::size_t i = 0; i < y.size(); ++i)
        compare(y[i], two->second(specials[i], b), std::to_string(specials[i]) + ", " + std::to_string(b),
                faults);
    }
}

/// A row at one point: its value, its slopes, and the gradients of each.
struct Curvature {
  double value = 0;
  std::vector<double> slopes = {};
  std::vector<std::vector<double>> second = {};
};

Curvature curvature(const Row& row, const std::vector<double>& at) {
  Tensors x;
  for (std::size_t i = 0; i < at.size(); ++i) {
    Tensor t = tensor(at[i], {.dtype = float64});
    x.push_back(is_floating(row.inputs[i].dtype) ? t.requires_grad_() : t.to(row.inputs[i].dtype));
  }
  const Tensors leaves = floating_of(x);
  const Tensors y = row.run(x);
  Curvature c{.value = y[0].item()};
  for (const Tensor& slope :
       grad(y, leaves, {ones({}, {.dtype = float64})}, {.create_graph = true, .allow_unused = true})) {
    c.slopes.push_back(slope.defined() ? slope.item() : 0);
    c.second.emplace_back(leaves.size(), 0.0);
    if (!slope.defined() || !slope.requires_grad()) continue;
    const Tensors h = grad({slope}, leaves, {ones_like(slope)}, {.retain_graph = true, .allow_unused = true});
    for (std::size_t j = 0; j < h.size(); ++j)
      if (h[j].defined()) c.second.back()[j] = h[j].item();
  }
  return c;
}

/// Where an operand is infinite and the slopes are finite, no slope changes with it any more.
void check_curvature(const Row& row, Faults& faults) {
  const std::vector<double> values = {INFINITY, -INFINITY, 0.75, -0.75};
  const std::size_t n = row.inputs.size();
  for (std::size_t k = 0; k < std::size_t{1} << (2 * n); ++k) {
    std::vector<double> at;
    for (std::size_t i = 0; i < n; ++i)
      at.push_back(is_floating(row.inputs[i].dtype) ? values[k >> (2 * i) & 3]
                                                    : static_cast<double>(k >> (2 * i) & 1));
    const Curvature c = curvature(row, at);
    bool finite = !std::isnan(c.value);
    for (const double s : c.slopes) finite = finite && std::isfinite(s);
    if (!finite) continue;
    std::size_t leaf = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (!is_floating(row.inputs[i].dtype)) continue;
      for (std::size_t j = 0; j < c.slopes.size(); ++j) {
        if (!std::isinf(at[i]) || c.second[j][leaf] == 0) continue;
        std::ostringstream s;
        s << "at";
        for (const double v : at) s << ' ' << v;
        s << " the slope " << c.slopes[j] << " for input " << j << " changes with input " << i
          << ", which is infinite, by " << c.second[j][leaf];
        faults.push_back(s.str());
      }
      ++leaf;
    }
  }
}

}  // namespace

bool c_function(const Row& row) {
  return (row.inputs.size() == 1 && of_one.count(row.name) > 0) ||
         (row.inputs.size() == 2 && of_two.count(row.name) > 0);
}

void check_specials(const Row& row, Faults& faults) {
  if (!row.elementwise || row.kind == Kind::random) return;
  check_c(row, faults);
  if (differentiable(row)) check_curvature(row, faults);
}

TEST_CASE("another value at infinity than the C library's is a fault") {
  const auto bounded = [](const Tensor& x) { return exp(clamp(x, -700, 700)); };

  CHECK(any_says(faults_of(elementwise("exp", Kind::smooth, {{{2, 3}}}, bounded)), "in the C library"));
}

TEST_CASE("a second derivative of nan where the slope is constant is a fault") {
  const auto naive = [](const Tensor& x) { return exp(-square(x)); };

  CHECK(any_says(faults_of(elementwise("bell", Kind::smooth, {{{2, 3}}}, naive)), "which is infinite, by"));
}

}  // namespace xgrad::test
