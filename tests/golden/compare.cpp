#include "compare.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace golden {

using namespace xgrad;

namespace {

constexpr double underflow = 1e-300;  // where nothing but 0 is told from 0

std::string text(const char* format, double a, double b, std::size_t at) {
  char buffer[160];
  std::snprintf(buffer, sizeof buffer, format, a, b, at);
  return buffer;
}

}  // namespace

std::string difference(const Expected& expected, const Tensor& found, double rtol, double atol) {
  if (!found.defined()) {
    if (expected.zero) return "";
    for (const double v : expected.value.to_vector<double>())
      if (v != 0) return "there is none";
    return "";
  }
  const std::vector<double> actual = found.to_vector<double>();
  std::vector<double> wanted(actual.size(), 0.0);
  if (!expected.zero) {
    if (expected.value.shape() != found.shape())
      return "shape " + found.shape().str() + " and not " + expected.value.shape().str();
    wanted = expected.value.to_vector<double>();
  }

  double scale = 0;
  for (const double v : wanted)
    if (std::isfinite(v)) scale = std::max(scale, std::abs(v));
  double worst = 0;
  std::string report;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double a = actual[i], b = wanted[i];
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    const double deviation = std::abs(a - b) / (rtol * std::abs(b) + atol * scale + underflow);
    if (std::isfinite(deviation) && deviation <= std::max(worst, 1.0)) continue;
    worst = std::isfinite(deviation) ? deviation : HUGE_VAL;
    report = text("%.17g and not %.17g at %zu", a, b, i);
  }
  return report;
}

}  // namespace golden
