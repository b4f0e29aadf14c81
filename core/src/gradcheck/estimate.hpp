#pragma once

#include "gradcheck/slope.hpp"

namespace xgrad::checking {

enum class Sides { none, one, two };

/// The derivative from shifts at h, h / 2 (and h / 4), extrapolated.
struct Estimate {
  Sides sides = Sides::none;
  double h = 0;
  double value = 0;
  double truncation = 0, noise = 0, still_noise = 0;
  double magnitude = 0, natural = 0;
  double low = 0, high = 0;        // one-sided slopes at the finest step
  double gap = 0, gap_before = 0;  // their distance at the finest step, and at twice that
  double growth = 1;               // of the slope from the first step to the finest
  bool jumps = false;              // it grows as 1 / h
  double gap_noise = 0;

  double error() const { return truncation + noise; }
  /// Its levels agree at least to a hundredth: it is not a step over many periods or kinks.
  bool settles() const { return sides != Sides::none && truncation <= 0.01 * magnitude; }
};

/// Measures a slope from shifts by h, h / 2, ...: two or three levels.
Estimate measure(const Line& line, double h, int levels);

}  // namespace xgrad::checking
