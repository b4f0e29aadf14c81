#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace xgrad::optim {

/// Why a solver stopped. The first six are what it is for; behind them stands what kept it from there.
enum class Stop : std::uint8_t {
  gtol,         ///< the gradient is small enough
  ftol,         ///< the value falls by too little
  xtol,         ///< x changes by too little
  tol,          ///< the residual is small enough
  reached,      ///< the last time is reached
  event,        ///< an event ended the solution
  max_iter,     ///< as many steps as allowed
  max_eval,     ///< as many values as allowed
  no_progress,  ///< no step makes the value smaller
  singular,     ///< the Jacobian has no inverse
  not_finite,   ///< the function gives nan or inf wherever the solver tries
  unbounded,    ///< the value falls as far as the solver goes along a line, to -inf as it seems
};

/// "gtol", "ftol", ...
const char* name_of(Stop stop);

/// Why a solver stopped, and what it took. Prints as one line; converts to true where it converged.
struct SolverReport {
  std::string solver;
  Stop stop = Stop::max_iter;
  double value = 0;       ///< the objective, half the sum of squares, or the norm of the residual
  double gradient = 0;    ///< the largest |gradient| of what may still change, 0 for solvers without one
  std::int64_t nit = 0;   ///< steps
  std::int64_t nfev = 0;  ///< values of the function
  std::int64_t njev = 0;  ///< Jacobians, or gradients, of the function
  std::int64_t nhev = 0;  ///< products with the Hessian

  bool success() const { return stop <= Stop::event; }
  explicit operator bool() const { return success(); }
  /// "minimize: converged, gtol: the gradient is small enough; value 1.2e-17, ..."
  std::string str() const;
};

std::ostream& operator<<(std::ostream& out, const SolverReport& report);

}  // namespace xgrad::optim
