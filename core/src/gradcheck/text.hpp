#pragma once

#include <string>

#include "gradcheck/problem.hpp"

namespace xgrad::checking {

/// The same number bit for bit; all nans are the same.
bool same_bits(double a, double b);
/// The first place where two lists differ in their bits, but for the sign of a zero, or -1.
std::int64_t first_difference(const Values& a, const Values& b);
/// " was 1 and is 2".
std::string was(double before, double after);

/// "input 0 [1, 2]": an entry of a leaf.
std::string place_of(const Problem& problem, int leaf, std::int64_t index);
/// "[1, 2]" for a row-major index.
std::string index_in(const Shape& shape, std::int64_t index);
/// A number as reports show it.
std::string number(double x, int digits = 6);

}  // namespace xgrad::checking
