#include "gradcheck/estimate.hpp"

#include <cmath>
#include <vector>

namespace xgrad::checking {
namespace {

/// Extrapolates values whose errors are powers h, h^2, ... (one-sided) or h^2, h^4, ... (central).
Estimate extrapolate(const std::vector<double>& d, bool central) {
  const double p = central ? 4 : 2, q = central ? 16 : 4;
  const auto better = [](double coarse, double fine, double power) {
    return fine + (fine - coarse) / (power - 1);
  };
  Estimate e;
  const double r0 = better(d[0], d[1], p);
  if (d.size() == 2) {
    e.value = r0;
    e.truncation = std::abs(r0 - d[1]);
  } else {
    const double r1 = better(d[1], d[2], p);
    e.value = better(r0, r1, q);
    e.truncation = std::abs(r1 - r0);
  }
  e.growth = d.back() == 0 ? 1 : std::abs(d.back()) / std::abs(d.front());
  return e;
}

}  // namespace

Estimate measure(const Line& line, double h, int levels) {
  std::vector<Shift> shifts;
  bool forward = true, backward = true;
  for (int i = 0; i < levels && (forward || backward); ++i) {
    shifts.push_back(line(std::ldexp(h, -i)));
    forward = forward && shifts.back().has_forward;
    backward = backward && shifts.back().has_backward;
  }
  Estimate e;
  if (forward || backward) {
    std::vector<double> slopes;
    for (const Shift& s : shifts)
      slopes.push_back(forward && backward ? 0.5 * s.forward + 0.5 * s.backward
                       : forward           ? s.forward
                                           : s.backward);
    const bool central = forward && backward;
    e = extrapolate(slopes, central);
    e.sides = central ? Sides::two : Sides::one;
    const Shift& fine = shifts.back();
    const Shift& coarse = shifts[shifts.size() - 2];
    const double amplified = central ? 4 : 12;  // the sum of the weights of the extrapolation, rounded up
    e.noise = amplified * fine.noise;
    e.still_noise = amplified * fine.still_noise;
    e.gap_noise = 16 * fine.noise;
    e.magnitude = fine.magnitude;
    e.natural = fine.value;
    e.low = central ? fine.low : slopes.back();
    e.high = central ? fine.low + fine.gap : slopes.back();
    e.gap = fine.gap;
    e.gap_before = coarse.gap;
    e.jumps = central && e.growth > 0.95 * std::ldexp(1.0, levels - 1);
  }
  e.h = h;
  return e;
}

}  // namespace xgrad::checking
