#include "kernels/polygamma.hpp"

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

/// digamma for x > 0: upward to 10, then Stirling's series.
double digamma_right(double x) {
  double s = 0;
  for (; x < 10; ++x) s -= 1 / x;
  const double z = 1 / (x * x);
  // B_2k / (2 k)
  static constexpr double c[] = {1.0 / 12,  -1.0 / 120,     1.0 / 252, -1.0 / 240,
                                 1.0 / 132, -691.0 / 32760, 1.0 / 12,  -3617.0 / 8160};
  double tail = 0;
  for (int k = 7; k >= 0; --k) tail = (tail + c[k]) * z;
  return s + (std::log(x) - 0.5 / x - tail);
}

/// x^-n.
double inverse_power(double x, int n) {
  double y = 1;
  for (double square = x; n > 0; n /= 2, square *= square)
    if (n % 2) y *= square;
  return 1 / y;
}

/// The Hurwitz zeta function sum_k (x + k)^-s for s >= 2 and x > 0, by Euler's and Maclaurin's formula.
double zeta(int s, double x) {
  double sum = 0;
  double a = x;
  for (; a < 12 + s; ++a) sum += inverse_power(a, s);
  const double p = inverse_power(a, s);
  sum += p * (a / (s - 1) + 0.5);
  // B_2k / (2 k)!
  static constexpr double c[] = {1.0 / 12,
                                 -1.0 / 720,
                                 1.0 / 30240,
                                 -1.0 / 1209600,
                                 1.0 / 47900160,
                                 -691.0 / 1307674368000,
                                 1.0 / 74724249600,
                                 -3617.0 / 10670622842880000,
                                 43867.0 / 5109094217170944000};
  double t = p * s / a;
  for (int k = 0; k < 9; ++k) {
    sum += c[k] * t;
    t *= (s + 2.0 * k + 1) * (s + 2.0 * k + 2) / (a * a);
  }
  return sum;
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

double polygamma_at(int n, double x) {
  constexpr double inf = std::numeric_limits<double>::infinity(),
                   nan = std::numeric_limits<double>::quiet_NaN();
  if (x != x || x == -inf) return nan;
  if (x == inf) return n == 0 ? inf : 0;
  const double odd = n % 2 ? -1 : 1;
  if (x == 0) return n % 2 ? inf : std::copysign(inf, -x);
  if (x < 0) {  // reflection
    if (x == std::floor(x)) return n % 2 ? inf : nan;
    return odd * polygamma_at(n, 1 - x) -
           std::pow(pi, n + 1) * cotangent_derivative(n, cos_pi(x) / sin_pi(x));
  }
  if (n == 0) return digamma_right(x);
  return -odd * std::tgamma(n + 1.0) * zeta(n + 1, x);
}

double bessel_at(int n, double x) {
  if (std::isinf(x)) return 0;
  const double z = pi * x;
  if (std::fabs(z) < n + 1.0) {  // the power series
    double t = 1;
    for (int k = 1; k <= n; ++k) t *= z / (2 * k + 1);
    double s = t;
    for (int k = 1; std::fabs(t) > 1e-17 * std::fabs(s); ++k) {
      t *= -0.5 * z * z / (k * (2.0 * n + 2.0 * k + 1));
      s += t;
    }
    return s;
  }
  double a = sin_pi(x) / z;
  if (n == 0) return a;
  double b = (a - cos_pi(x)) / z;
  for (int k = 1; k < n; ++k) {  // upward: stable for z > n
    const double c = (2 * k + 1) / z * b - a;
    a = b;
    b = c;
  }
  return b;
}

}  // namespace xgrad::detail
