#pragma once

#include <functional>
#include <string>

#include "xgrad/core/gradcheck.hpp"

// The numerical half of gradcheck, on plain numbers: one-dimensional derivatives with error estimates, and
// the verdict on a number that claims to be one.

namespace xgrad::checking {

/// What moving x by +h and by -h does to sum_k v_k f_k, as slopes.
struct Shift {
  double forward = 0, backward = 0;  ///< sum v_k (f_k(x + h) - f_k(x)) / h, and towards -h
  double low = 0;                    ///< sum of the smaller of the two, output by output
  double gap = 0;                    ///< and how far the sum of the larger is above it
  double magnitude = 0;              ///< sum of the absolute terms
  double noise = 0;                  ///< rounding error of a slope, from the outputs that moved
  double still_noise = 0;            ///< from the others: their change was rounded away, or there is none
  double value = 0;                  ///< sum |v_k f_k| over the outputs that moved
  bool has_forward = true, has_backward = true;  ///< f is finite there
};

using Line = std::function<Shift(double h)>;

/// A claim about the slope of a line at 0, and what is known about it.
struct Claim {
  double slope = 0;           ///< the analytic derivative
  double scale = 1;           ///< the size of x: the first step is a fraction of it
  double smallest_step = 0;   ///< steps below would not be exact in x
  double largest_step = 0.5;  ///< steps above leave the neighbourhood of x
  double rtol = 1e-6;
  double magnitude = 0;  ///< slopes that matter are of this size, if larger than the slope itself
  std::function<double()> still_slope = {};  ///< the part of the claim from outputs that did not move last
  std::function<double()> slope_noise = {};  ///< rounding error of the claim itself; costly, asked last
};

struct Judgement {
  Verdict verdict = Verdict::inconclusive;
  double numeric = 0;
  double error = 0;    ///< of numeric
  bool blind = false;  ///< inconclusive, and not even a hundredth of the slope could be seen
  std::string note = {};
  double step = 0;     ///< at which numeric was measured; the first one where f has a kink
  bool jumps = false;  ///< inconclusive, and numeric grows as 1 / h does for a jump at x
};

/// The verdict on a claim, from as few shifts as can tell: four for a smooth function and a right claim.
Judgement judge(const Line& line, const Claim& claim);

/// The power of two at or below x > 0.
double power_of_two(double x);

}  // namespace xgrad::checking
