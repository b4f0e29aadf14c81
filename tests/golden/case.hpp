#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arguments.hpp"

namespace golden {

/// An array of the reference. The shape is not given where the files write a number for one element.
struct Expected {
  Tensor value;
  bool zero = false;  ///< all zeros, or no gradient at all
};

/// One call of an op and what must come of it.
struct Case {
  std::string title;  ///< as it is printed
  std::string op;
  std::vector<Tensor> inputs;
  Json attributes = Json::object();

  bool titled = false;  ///< op is the title of a convention
  bool throws = false;  ///< the op must refuse
  bool value_only = false;
  double rtol = 0;
  double atol = 0;  ///< of the scale of the array, for sums that cancel
  std::vector<Expected> outputs, gradients, second;
  std::vector<Tensor> cotangents;  ///< ones where there is none
  bool ones_for_second = false;    ///< the weights of the second gradients; else 0.5 + 0.5 cos(0.7 i + 5.7)
};

/// The cases of a file in one of the three forms. Throws std::runtime_error for another.
std::vector<Case> read_cases(const std::string& path);

}  // namespace golden
