#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace xgrad {

/// A named value that an op was given beside its tensors: an axis, a number, the sizes of a window.
struct Attribute {
  std::string name;
  std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>> value;
};

/// "axis=1", "stride=[2, 2]".
std::string to_string(const Attribute& attribute);

}  // namespace xgrad
