#include "gradcheck/text.hpp"

#include <cstdio>

namespace xgrad::checking {

std::string index_in(const Shape& shape, std::int64_t index) {
  std::vector<std::int64_t> at(shape.size());
  for (int i = shape.rank() - 1; i >= 0; --i) {
    at[static_cast<std::size_t>(i)] = index % shape[i];
    index /= shape[i];
  }
  return Shape(at).str();
}

std::string place_of(const Problem& problem, int leaf, std::int64_t index) {
  return problem.name(leaf) + " " + index_in(problem.leaf(leaf).shape(), index);
}

std::string number(double x, int digits) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", digits, x);
  return text;
}

}  // namespace xgrad::checking
