#pragma once

#include "solvers/functions.hpp"
#include "xgrad/optim/root.hpp"

namespace xgrad::optim::detail {

/// n equations for n unknowns, as vectors of float64, and what was found so far.
class System {
 public:
  System(const char* solver, const TensorFunction& f, const Tensor& start);

  /// f(x). At the start it must be finite.
  Tensor value(const Tensor& x);
  /// df/dx[n, n].
  Tensor jacobian(const Tensor& x);
  /// Goes to x, where the value is f.
  void move(const Tensor& to, const Tensor& f);
  /// A result, where the search ends.
  RootResult result(Stop why);

  const Tensor& x() const { return x_; }
  const Tensor& f() const { return f_; }
  double epsilon() const { return epsilon_of(start_.dtype()); }

  SolverReport report;

 private:
  const TensorFunction& function_;
  const Tensor& start_;
  Tensor x_, f_;
};

RootResult newton(System& system, const RootOptions& options);
RootResult broyden(System& system, const RootOptions& options);
/// Steps of `mixing` times the value, mixed. What it ends by stands in the options.
RootResult anderson(System& system, const FixedPointOptions& options, double mixing);

}  // namespace xgrad::optim::detail
