#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "options_check.hpp"

namespace xgrad::optim::detail {

/// Throws Error unless a number of steps is at least `least`.
inline void check_count(const char* op, const char* option, std::int64_t v, std::int64_t least) {
  if (v < least)
    throw Error(std::string(op) + ": " + option + " must be at least " + std::to_string(least) + ": got " +
                std::to_string(v));
}

/// Throws Error unless an option is in [0, 1].
inline void check_share(const char* op, const char* option, double v) {
  if (!(v >= 0 && v <= 1))
    throw Error(std::string(op) + ": " + option + " must be in [0, 1]: got " + number(v));
}

/// Throws Error unless an option is in (0, 1]: a factor that is taken back by a division.
inline void check_factor(const char* op, const char* option, double v) {
  if (!(v > 0 && v <= 1))
    throw Error(std::string(op) + ": " + option + " must be above 0 and at most 1: got " + number(v));
}

/// Throws Error unless an option is finite and above 0.
inline void check_positive(const char* op, const char* option, double v) {
  if (!(v > 0 && std::isfinite(v)))
    throw Error(std::string(op) + ": " + option + " must be above 0 and finite: got " + number(v));
}

}  // namespace xgrad::optim::detail
