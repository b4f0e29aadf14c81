#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "xgrad/core/function.hpp"
#include "xgrad/optim/solver_report.hpp"

namespace xgrad::optim {

/// How root looks for a zero.
enum class RootMethod : std::uint8_t {
  newton,    ///< with the Jacobian at each step
  broyden,   ///< with one Jacobian, and what steps say of its changes: Broyden, 1965, the first method
  anderson,  ///< without a Jacobian: Anderson, 1965, for n that is large
};

struct RootOptions {
  RootMethod method = RootMethod::newton;
  double tol = 1e-12;  ///< ends where no |f| is larger
  double xtol =
      1e-12;  ///< or where a whole step changes no element of x by more than this share of the largest
  int max_iter = 200;                   ///< steps
  int max_eval = 10'000;                ///< values of f
  int history_size = 5;                 ///< steps that anderson mixes
  double mixing = 1;                    ///< of anderson: it mixes steps of -mixing f(x)
  std::vector<Tensor> parameters = {};  ///< what f gets behind x, by which the root has gradients
};

/// A map x to g(x) is repeated, and what it did mixed; 0 steps repeat it as it is.
struct FixedPointOptions {
  double tol = 1e-12;    ///< ends where no |g(x) - x| is larger
  double xtol = 1e-12;   ///< or where no element of x changes by more than this share of the largest
  int max_iter = 1000;   ///< values of g
  int history_size = 5;  ///< steps that are mixed
  double mixing = 1;     ///< of g(x) with x: 1 takes g(x) whole
  std::vector<Tensor> parameters = {};  ///< what g gets behind x, by which the place has gradients
};

/// What root and fixed_point have found.
struct RootResult {
  /// The place, with gradients by the parameters; without history where the report says that it is none.
  Tensor x;
  Tensor residual;  ///< f(x), or g(x) - x, at its values
  SolverReport report;
};

namespace detail {
RootResult root_of(const TensorFunction& f, const Tensor& x, const RootOptions& options);
RootResult fixed_point_of(const TensorFunction& g, const Tensor& x, const FixedPointOptions& options);
}  // namespace detail

/// An x with f(x, parameters...) = 0, from a start, for an f of as many elements as x.
///
/// Newton's step is J^-1 f, the shortest of those that come nearest where J has no inverse, and is shortened
/// until |f| falls: Dennis and Schnabel, Numerical methods for unconstrained optimization, 1983, 6.3.
/// Broyden's method shortens too, and takes a new Jacobian where that does not help. Anderson's mixes the
/// last steps so that their f, if it were linear, is least; see also Walker and Ni, 2011.
///
/// x has gradients by the parameters, to any order, by the implicit function theorem: see `implicit_root`. f
/// must read them as its arguments. x itself never changes, and gets no gradient: it is a start. Computed in
/// float64 but for f; where x is float32, xtol is at least 4 eps.
///
/// Throws Error for options out of their range, a start that is no floating tensor with finite elements, and
/// an f of another number of elements or not finite at the start. What else goes wrong is in the report.
template <class F>
RootResult root(F f, const Tensor& x, const RootOptions& options = {}) {
  return detail::root_of(as_function(std::move(f), "root"), x, options);
}

/// An x with g(x, parameters...) = x, from a start, by Anderson's mixing of the steps of g: Walker and Ni,
/// 2011. A g that contracts is enough for it, and often less. Gradients and errors as those of root.
template <class G>
RootResult fixed_point(G g, const Tensor& x, const FixedPointOptions& options = {}) {
  return detail::fixed_point_of(as_function(std::move(g), "fixed_point"), x, options);
}

}  // namespace xgrad::optim
