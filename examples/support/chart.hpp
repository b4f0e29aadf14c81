#pragma once

#include <string>
#include <vector>

namespace example {

struct Curve {
  std::string name;
  std::vector<double> values;  ///< one for each epoch, above 0
};

/// Writes curves over epochs as an SVG picture with a logarithmic axis, first beside `path` and then, when it
/// is complete, under that name. Throws std::runtime_error when that fails.
void write_chart(const std::string& path, const std::string& title, const std::vector<Curve>& curves);

}  // namespace example
