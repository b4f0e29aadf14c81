#include "gradcheck/text.hpp"

#include <bit>
#include <cmath>
#include <cstdio>

namespace xgrad::checking {

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

std::int64_t first_difference(const Values& a, const Values& b) {
  if (a.size() != b.size()) return 0;
  for (std::size_t k = 0; k < a.size(); ++k)
    if (!same_bits(a[k], b[k]) && !(a[k] == 0 && b[k] == 0)) return static_cast<std::int64_t>(k);
  return -1;
}

std::string was(double before, double after) { return " was " + number(before) + " and is " + number(after); }

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
