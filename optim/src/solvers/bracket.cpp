#include "solvers/bracket.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace xgrad::optim::detail {

double bracketed_root(const std::function<double(double)>& f, double a, double fa, double b, double fb) {
  double c = a, fc = fa, step = b - a, before = step;
  for (int i = 0; i < 200 && fb != 0; ++i) {
    if ((fb > 0) == (fc > 0)) c = a, fc = fa, step = before = b - a;
    if (std::abs(fc) < std::abs(fb)) a = b, b = c, c = a, fa = fb, fb = fc, fc = fa;
    const double least = 2 * std::numeric_limits<double>::epsilon() * std::abs(b), half = (c - b) / 2;
    if (std::abs(half) <= least) break;
    if (std::abs(before) < least || std::abs(fa) <= std::abs(fb)) {
      step = before = half;
    } else {
      double p, q;
      const double s = fb / fa;
      if (a == c) {
        p = 2 * half * s, q = 1 - s;
      } else {
        const double u = fa / fc, v = fb / fc;
        p = s * (2 * half * u * (u - v) - (b - a) * (v - 1)), q = (u - 1) * (v - 1) * (s - 1);
      }
      if (p > 0) q = -q;
      p = std::abs(p);
      if (2 * p < std::min(3 * half * q - std::abs(least * q), std::abs(before * q)))
        before = step, step = p / q;
      else
        step = before = half;
    }
    a = b, fa = fb;
    b += std::abs(step) > least ? step : std::copysign(least, half);
    fb = f(b);
  }
  return b;
}

}  // namespace xgrad::optim::detail
