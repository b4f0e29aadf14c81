#pragma once

#include "solvers/functions.hpp"
#include "xgrad/optim/solver_report.hpp"

namespace xgrad::optim::detail {

/// A function with one number, at vectors of float64.
class Objective {
 public:
  Objective(const char* solver, const TensorFunction& f, const Tensor& start);

  /// f at a place, and its record until the next call.
  double value(const Tensor& x);
  /// The gradient at the place of the last value, recorded for products where wanted.
  Tensor gradient(bool with_products = false);
  /// The Hessian at the place of the last gradient, times v.
  Tensor times_hessian(const Tensor& v);

  Tensor shaped(const Tensor& flat) const { return leaf_of(flat, start_, false); }
  double epsilon() const { return epsilon_of(start_.dtype()); }

  SolverReport report;

 private:
  const TensorFunction& f_;
  const Tensor& start_;
  Tensor tried_, y_, x_, g_;
};

}  // namespace xgrad::optim::detail
