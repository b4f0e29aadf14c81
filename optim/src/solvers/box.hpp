#pragma once

#include <vector>

#include "solvers/compact_bfgs.hpp"

namespace xgrad::optim::detail {

/// Bounds of x as vectors of float64, and the steps of L-BFGS-B within them.
struct Box {
  Tensor lower, upper;

  /// The place of the box that is nearest to x + t d.
  Tensor moved(const Tensor& x, double t, const Tensor& d) const;
  /// The largest element of what a step along -g is within the box.
  double largest_free(const Tensor& x, const Tensor& g) const;
  /// How far x + t d stays in the box.
  double reach(const Tensor& x, const Tensor& d) const;
  /// Where the quadratic model at x is least in the box, nearly, minus x: along the projected gradient first,
  /// then over the elements that are not at a bound. Byrd, Lu, Nocedal and Zhu, 1995, sections 4 and 5.1.
  Tensor direction(CompactBfgs& b, const Tensor& x, const Tensor& g) const;
};

}  // namespace xgrad::optim::detail
