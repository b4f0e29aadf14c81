#pragma once

#include <utility>

#include "xgrad/core/function.hpp"
#include "xgrad/optim/solver_report.hpp"

namespace xgrad::optim {

/// Names and meanings are MINPACK's.
struct LevenbergMarquardtOptions {
  double ftol = 1e-15;  ///< ends where the sum of squares falls, and was to fall, by no more than this share
  double xtol = 1e-12;  ///< ends where scaled x changes by no more than this share
  double gtol = 0;      ///< ends where no column of J makes a cosine larger than this with r
  double factor = 100;  ///< the first step is no longer than this times scaled x
  int max_iter = 1000;  ///< Jacobians
  int max_eval = 10'000;  ///< values of the residuals
};

/// What levenberg_marquardt has found.
struct LeastSquaresResult {
  Tensor x;
  Tensor residuals;           ///< r(x)
  double sum_of_squares = 0;  ///< |r|^2
  /// sqrt(|r|^2 / (m - n)) of m residuals and n elements of x; inf where m <= n.
  double standard_deviation = 0;
  /// s^2 (J^T J)^-1 [n, n] with s the standard deviation; inf where J has not full rank. float64
  Tensor covariance;
  Tensor standard_errors;  ///< the roots of its diagonal, in the shape of x. float64
  int rank = 0;            ///< of J
  SolverReport report;
};

namespace detail {
LeastSquaresResult levenberg_marquardt_of(const TensorFunction& residuals, const Tensor& x,
                                          const LevenbergMarquardtOptions& options);
}  // namespace detail

/// The x that makes sum r(x)^2 least, from a start, with the covariance and the standard errors of x as those
/// of a fit with independent errors of one size.
///
/// A step is p = -(J^T J + lambda D^2)^-1 J^T r, with lambda as small as |D p| <= delta allows, where D
/// scales by the largest norm that each column of J has had, so that the units of x do not matter, and delta
/// grows and shrinks with what steps of it bring. Moré, 1978; lambda from the singular values of J D^-1, so
/// that a J without full rank does no harm.
///
/// `residuals` takes x, of any shape, and returns a tensor of any; where it returns nan or inf, steps become
/// shorter. The Jacobian is `jacobian`'s. Computed in float64, whatever x is; x itself never changes and what
/// is returned has no history. Where x is float32, tolerances are at least 4 eps.
///
/// Throws Error for options out of their range, an x that is not floating or empty, residuals that do not
/// depend on x, change their shape, or are nan or inf at the start.
template <class F>
LeastSquaresResult levenberg_marquardt(F residuals, const Tensor& x,
                                       const LevenbergMarquardtOptions& options = {}) {
  return detail::levenberg_marquardt_of(as_function(std::move(residuals), "levenberg_marquardt"), x, options);
}

}  // namespace xgrad::optim
