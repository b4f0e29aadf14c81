#pragma once

#include <functional>
#include <limits>

#include "xgrad/core/tensor.hpp"

namespace xgrad::optim::detail {

/// A place on a line: how far from its start, the loss there, its slope along the line and its gradient.
struct Trial {
  double t, loss, slope;
  Tensor gradient;
};

/// What a line search goes by, and where it stops.
struct SearchLimits {
  double decrease = 1e-4;   ///< c1: the share of the first slope by which the loss has to fall
  double flatness = 0.9;    ///< c2: the share of the first slope that may be left
  double tolerance = 1e-9;  ///< the change of a parameter that is not worth another loss
  double longest = 1;       ///< the largest change of a parameter for t = 1
  int tries = 25;
  double most = std::numeric_limits<double>::infinity();  ///< the place behind which nothing may be tried
};

struct Found {
  Trial trial;
  int tries;
};

/// A place with loss(t) <= loss(0) + c1 t slope(0) and |slope(t)| <= c2 |slope(0)|, the strong Wolfe
/// conditions, or the last place where the loss still falls; where none is found, the best that was tried.
/// Nocedal and Wright, Numerical optimization, algorithms 3.5 and 3.6, with cubic interpolation as PyTorch
/// has it.
Found strong_wolfe(const std::function<Trial(double)>& at, const Trial& start, double first,
                   const SearchLimits& limits);

}  // namespace xgrad::optim::detail
