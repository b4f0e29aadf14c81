#pragma once

#include <string>

#include "gradcheck/problem.hpp"

namespace xgrad::checking {

/// Two gradients that should be the same number up to rounding.
struct Comparison {
  Setting& s;
  double rtol = 1e-8;

  /// "input 0 [1] gets 0.5 instead of 0.25" for the first entry of `got` that is not `expected` up to `rtol`
  /// of `size`, the numbers that they were computed from, or up to the gradient's own rounding for cotangents
  /// of size `unit`; "" if none does. Numbers that are not finite are all the same.
  std::string first(const Gradients& got, const Gradients& expected, const Gradients& size,
                    double unit = 1) const;
};

/// f of each pair of entries.
Gradients combine(const Gradients& a, const Gradients& b, double (*f)(double, double));
inline double plus(double a, double b) { return a + b; }
/// |a| + |b|.
double sizes(double a, double b);

}  // namespace xgrad::checking
