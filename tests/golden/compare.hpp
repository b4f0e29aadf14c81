#pragma once

#include <string>

#include "case.hpp"

namespace golden {

/// Empty when `found` is `expected`; else what differs most, in a few words.
std::string difference(const Expected& expected, const Tensor& found, double rtol, double atol);

}  // namespace golden
