#pragma once

#include <functional>

namespace xgrad::optim::detail {

/// A place of [a, b] where f, with values fa and fb of different signs at the ends, changes its sign, to
/// rounding: Brent, Algorithms for minimization without derivatives, 1973, chapter 4.
double bracketed_root(const std::function<double(double)>& f, double a, double fa, double b, double fb);

}  // namespace xgrad::optim::detail
