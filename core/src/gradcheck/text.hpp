#pragma once

#include <string>

#include "gradcheck/problem.hpp"

namespace xgrad::checking {

/// "input 0 [1, 2]": an entry of a leaf.
std::string place_of(const Problem& problem, int leaf, std::int64_t index);
/// "[1, 2]" for a row-major index.
std::string index_in(const Shape& shape, std::int64_t index);
/// A number as reports show it.
std::string number(double x, int digits = 6);

}  // namespace xgrad::checking
