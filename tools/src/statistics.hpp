#pragma once

#include <cstdint>

#include "xgrad/core/tensor.hpp"

namespace xgrad::tools {

/// What the finite elements of a tensor are like; booleans count as 0 and 1. Where there are none, all
/// numbers are 0.
struct Statistics {
  std::int64_t finite = 0, nans = 0, infinities = 0;
  double min = 0, max = 0, mean = 0;
  double std = 0;  ///< the root of the mean squared distance from the mean
};

Statistics statistics_of(const Tensor& x);

}  // namespace xgrad::tools
