#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad::tools {

/// How far two tensors of one shape are from each other.
struct Distance {
  double absolute = 0;     ///< the largest |a - b|; inf where only one is nan or infinite
  double relative = 0;     ///< the largest |a - b| / max(|a|, |b|)
  std::int64_t place = 0;  ///< of the largest |a - b|, row by row
  std::int64_t count = 0;  ///< of elements that are not alike
};

/// a and b are alike where |a - b| <= tolerance max(1, |a|, |b|), and where both are nan or the same
/// infinity. Integers are compared exactly, whatever their size.
Distance distance(const Tensor& a, const Tensor& b, double tolerance);

/// The index of an element of a tensor that has some, from its place row by row.
std::vector<std::int64_t> index_of(const Shape& shape, std::int64_t place);

}  // namespace xgrad::tools
