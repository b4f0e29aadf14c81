#pragma once

#include <string>
#include <vector>

namespace xgrad::tools {

/// A part of the self test.
struct Finding {
  std::string what;
  bool right = false;
  std::string detail = {};  ///< a speed, or what is wrong
  double seconds = 0;
};

/// Multiplies matrices, checks gradients, compares thread counts, and writes a file: about two seconds in
/// all. What throws counts as wrong.
std::vector<Finding> self_test();

}  // namespace xgrad::tools
