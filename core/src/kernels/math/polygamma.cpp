#include "kernels/math/polygamma.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace xgrad::detail {
namespace {

constexpr double pi = std::numbers::pi;

/// sin(pi x) and cos(pi x), exact at multiples of 1/2.
double sin_pi(double x) {
  const double r = std::remainder(x, 2.0);  // exact
  if (std::fabs(r) == 1) return 0;
  return std::fabs(r) <= 0.5 ? std::sin(pi * r) : std::sin(pi * (std::copysign(1.0, r) - r));
}
double cos_pi(double x) {
  const double r = std::fabs(std::remainder(x, 2.0));
  return r == 0.5    ? 0
         : r <= 0.25 ? std::cos(pi * r)
         : r < 0.75  ? std::sin(pi * (0.5 - r))
                     : -std::cos(pi * (1 - r));
}

/// The n-th derivative of cot(pi x) over pi^n: a polynomial in c = cot(pi x), by d cot = -(1 + cot^2).
double cotangent_derivative(int n, double c) {
  std::vector<double> p = {0, 1};
  for (int k = 0; k < n; ++k) {
    std::vector<double> q(p.size() + 1, 0.0);
    for (std::size_t i = 1; i < p.size(); ++i) {
      q[i - 1] -= static_cast<double>(i) * p[i];
      q[i + 1] -= static_cast<double>(i) * p[i];
    }
    p = std::move(q);
  }
  double y = 0;
  for (std::size_t i = p.size(); i-- > 0;) y = y * c + p[i];
  return y;
}

}  // namespace

double polygamma_left(int n, double x, double right) {
  constexpr double inf = std::numeric_limits<double>::infinity(),
                   nan = std::numeric_limits<double>::quiet_NaN();
  if (x == -inf) return nan;
  if (x == 0) return n % 2 ? inf : std::copysign(inf, -x);
  if (x == std::floor(x)) return n % 2 ? inf : nan;
  return (n % 2 ? -right : right) - std::pow(pi, n + 1) * cotangent_derivative(n, cos_pi(x) / sin_pi(x));
}

}  // namespace xgrad::detail
