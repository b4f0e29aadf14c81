#pragma once

#include <cstdio>
#include <string>

namespace xgrad::nn::detail {

/// A number as messages show it: 0.1, -1, 1e-05.
inline std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", v);
  return text;
}

}  // namespace xgrad::nn::detail
