#pragma once

#include <cmath>
#include <vector>

#include "xgrad/core.hpp"

namespace xgrad::test {

using V = std::vector<double>;

/// The gradient of sum(y) for x.
inline V slope(const Tensor& y, const Tensor& x) { return grad(sum(y), {x})[0].to_vector<double>(); }

/// a is b to a few last places.
inline bool close(const V& a, const V& b, double rtol = 4e-15) {
  bool all = a.size() == b.size();
  for (std::size_t i = 0; all && i < a.size(); ++i)
    all = a[i] == b[i] || std::abs(a[i] - b[i]) <= rtol * std::abs(b[i]);
  return all;
}

}  // namespace xgrad::test
