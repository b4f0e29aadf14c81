#pragma once

#include "gradcheck/problem.hpp"

namespace xgrad::checking {

/// Every judged entry and direction, with its place.
using Entries = std::vector<GradcheckEntry>;

/// Judges setting.gradient by differences: entry by entry, or along random directions where there are many.
/// What was not looked at entry by entry is told in `note`.
Entries check_value(Setting& setting, std::string& note);

/// How the remainder |f(x + t d) - f(x) - t g d| falls with t, along a random direction d.
struct Taylor {
  double slope =
      0;  ///< of its logarithm: 2 where g is the gradient of f, 1 where it is not, 0 if it is rounding
  int steps = 0;     ///< from which it was taken
  double share = 0;  ///< of the remainder in the change that the gradient predicts, at the last of them

  /// Surely not the gradient, unless f has a kink at x.
  bool refutes(double rtol) const { return steps >= 3 && slope > 0.9 && slope < 1.1 && share > 10 * rtol; }
};
Taylor taylor(Setting& setting);

}  // namespace xgrad::checking
