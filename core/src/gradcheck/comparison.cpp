#include "gradcheck/comparison.hpp"

#include <cmath>

#include "gradcheck/text.hpp"

namespace xgrad::checking {

std::string Comparison::first(const Gradients& got, const Gradients& expected, const Gradients& size,
                              double unit) const {
  for (int i = 0; i < s.problem.leaf_count(); ++i) {
    const auto leaf = static_cast<std::size_t>(i);
    for (std::size_t k = 0; k < got[leaf].size(); ++k) {
      const double a = got[leaf][k], b = expected[leaf][k];
      if (same_bits(a, b) || a == b) continue;
      if (!std::isfinite(a) && !std::isfinite(b)) continue;  // inf - inf is nan
      const double distance = std::abs(a - b);
      const auto index = static_cast<std::int64_t>(k);
      // Terms of the size of the cotangent may have cancelled in a small result.
      if (distance <= rtol * std::abs(size[leaf][k]) + unit * 0x1p-46) continue;
      if (distance <= 8 * unit * s.noise_of_gradient(i, index)) continue;
      return place_of(s.problem, i, index) + " gets " + number(a) + " instead of " + number(b);
    }
  }
  return {};
}

Gradients combine(const Gradients& a, const Gradients& b, double (*f)(double, double)) {
  Gradients c = a;
  for (std::size_t i = 0; i < c.size(); ++i)
    for (std::size_t k = 0; k < c[i].size(); ++k) c[i][k] = f(a[i][k], b[i][k]);
  return c;
}

double sizes(double a, double b) { return std::abs(a) + std::abs(b); }

}  // namespace xgrad::checking
