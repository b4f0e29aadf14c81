#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "xgrad/core/shape.hpp"

namespace xgrad::checking {

/// One entry of a tensor that was compared, by its row-major index.
struct Compared {
  std::int64_t index;
  bool wrong;
};

/// Where the wrong ones lie among all, if that can be said in a few words: "at [1, 2] alone, of 12 compared",
/// "at index 3 of axis 1 alone", "in the last 3", "at every 4th from [0, 1] on". "" if all are wrong, or no
/// pattern is seen.
std::string position_of(const Shape& shape, std::vector<Compared> entries);

}  // namespace xgrad::checking
