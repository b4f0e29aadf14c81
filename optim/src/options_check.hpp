#pragma once

#include <cmath>
#include <cstdio>
#include <string>

#include "xgrad/core/error.hpp"

namespace xgrad::optim::detail {

/// A number as messages show it: 0.1, -1, 1e-05.
inline std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", v);
  return text;
}

/// Throws Error unless an option is finite and at least 0.
inline void check_not_negative(const char* op, const char* option, double v) {
  if (!(v >= 0 && std::isfinite(v)))
    throw Error(std::string(op) + ": " + option + " must be at least 0 and finite: got " + number(v));
}

/// Throws Error unless an option is in [0, 1).
inline void check_below_one(const char* op, const char* option, double v) {
  if (!(v >= 0 && v < 1))
    throw Error(std::string(op) + ": " + option + " must be in [0, 1): got " + number(v));
}

/// Throws Error unless an option is in [0, 1].
inline void check_at_most_one(const char* op, const char* option, double v) {
  if (!(v >= 0 && v <= 1))
    throw Error(std::string(op) + ": " + option + " must be in [0, 1]: got " + number(v));
}

/// Throws Error unless an option is finite and above 0.
inline void check_above_zero(const char* op, const char* option, double v) {
  if (!(v > 0 && std::isfinite(v)))
    throw Error(std::string(op) + ": " + option + " must be above 0 and finite: got " + number(v));
}

/// Throws Error when an option is turned on or off, by a load or by hand, for which there is, or is not,
/// something to remember.
inline void check_same_use(const char* op, const char* option, double before, double now) {
  if ((before != 0) != (now != 0))
    throw Error(std::string(op) + ": " + option + " cannot go from " + number(before) + " to " + number(now) +
                " once the group is made, for it decides what is remembered; make the optimizer with " +
                option + " = " + number(now));
}
inline void check_same_use(const char* op, const char* option, bool before, bool now) {
  const auto text = [](bool on) { return on ? "true" : "false"; };
  if (before != now)
    throw Error(std::string(op) + ": " + option + " cannot go from " + text(before) + " to " + text(now) +
                " once the group is made, for it decides what is remembered; make the optimizer with " +
                option + " = " + text(now));
}

}  // namespace xgrad::optim::detail
