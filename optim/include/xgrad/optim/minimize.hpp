#pragma once

#include <utility>

#include "xgrad/core/function.hpp"
#include "xgrad/optim/solver_report.hpp"

namespace xgrad::optim {

/// Names and meanings are SciPy's.
struct MinimizeOptions {
  Tensor lower = {};    ///< the least that x may be, broadcast to its shape; undefined: -inf
  Tensor upper = {};    ///< the most
  double gtol = 1e-8;   ///< ends where no element of the gradient is larger, but for those that a bound holds
  double ftol = 1e-14;  ///< ends where the value falls by no more than this share of itself
  int max_iter = 15'000;  ///< directions
  int max_eval = 15'000;  ///< values of f
  int history_size = 10;  ///< pairs of differences that are remembered
};

struct NewtonCgOptions {
  double gtol = 1e-8;               ///< ends where no element of the gradient is larger
  double ftol = 1e-14;              ///< ends where the value falls by no more than this share of itself
  int max_iter = 1000;              ///< steps
  int max_cg_iter = 0;              ///< products with the Hessian for a step; 0: twice the elements of x
  double initial_trust_radius = 0;  ///< of the first step; 0: the length of x, or 1 where that is 0
};

/// What minimize and newton_cg have found.
struct MinimizeResult {
  Tensor x;
  double value = 0;  ///< f(x)
  Tensor gradient;   ///< df/dx there
  SolverReport report;
};

namespace detail {
MinimizeResult minimize_of(const TensorFunction& f, const Tensor& x, const MinimizeOptions& options);
MinimizeResult newton_cg_of(const TensorFunction& f, const Tensor& x, const NewtonCgOptions& options);
}  // namespace detail

/// An x that makes f(x), one number, least, from a start and within bounds.
///
/// L-BFGS-B: Byrd, Lu, Nocedal and Zhu, A limited memory algorithm for bound constrained optimization, 1995.
/// The quadratic model of the last changes is minimized along the projected gradient, and from there over
/// the elements that no bound holds, which gives a direction; along it the strong Wolfe conditions (c1 =
/// 1e-4, c2 = 0.9) or a bound decide how far. Without bounds it is L-BFGS. x never changes and what is
/// returned has no history. Computed in float64 but for f; where x is float32, ftol is at least 4 eps.
///
/// Throws Error for options out of their range, a start that is no floating tensor with finite elements or
/// lies outside of the bounds, bounds that hold nothing, and an f that returns more than one number, does not
/// depend on x, or is nan or inf at the start. Elsewhere nan and inf are values that are too large.
template <class F>
MinimizeResult minimize(F f, const Tensor& x, const MinimizeOptions& options = {}) {
  return detail::minimize_of(as_function(std::move(f), "minimize"), x, options);
}

/// An x that makes f(x), one number, least, by Newton's method: steps come from the conjugate gradient
/// method with products of the Hessian, each a pass back through the gradient, and end at a trust region's
/// border or where the curvature is negative. Steihaug, 1983; Nocedal and Wright, Numerical optimization,
/// 2006, algorithms 4.1 and 7.2. The rest is as for minimize. f must have a second derivative.
template <class F>
MinimizeResult newton_cg(F f, const Tensor& x, const NewtonCgOptions& options = {}) {
  return detail::newton_cg_of(as_function(std::move(f), "newton_cg"), x, options);
}

}  // namespace xgrad::optim
