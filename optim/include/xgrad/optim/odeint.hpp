#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "xgrad/core/function.hpp"
#include "xgrad/optim/solver_report.hpp"

namespace xgrad::optim {

/// The right side f(t, y) of y' = f(t, y): t is a number [], y and the result have one shape.
using OdeFunction = std::function<Tensor(const Tensor& t, const Tensor& y)>;

/// Something that happens where g(t, y) crosses 0.
struct OdeEvent {
  OdeFunction g;          ///< one number
  bool terminal = false;  ///< the solution ends there
  int direction = 0;      ///< 1: only where g grows, -1: only where it falls, 0: both
};

/// Names and meanings are SciPy's, defaults of tolerances torchdiffeq's.
struct OdeOptions {
  double rtol = 1e-7;     ///< of each step and element: the error is to be below atol + rtol |y|
  double atol = 1e-9;     ///< the same
  double first_step = 0;  ///< 0: one is chosen
  double max_step = std::numeric_limits<double>::infinity();
  int max_steps = 100'000;  ///< Error behind these
  std::vector<OdeEvent> events = {};
  bool dense_output = false;            ///< keeps what OdeSolution::at needs
  bool adjoint = false;                 ///< gradients by the adjoint equation, without a record of the steps
  std::vector<Tensor> parameters = {};  ///< with adjoint: what f reads and what shall get a gradient
};

/// One of OdeOptions::events has happened.
struct OdeOccurrence {
  std::size_t event;
  Tensor t, y;
};

namespace detail {
struct OdeSegment;
}

/// What odeint has found.
struct OdeSolution {
  Tensor times;  ///< those that were reached
  Tensor y;      ///< the solution at them, [times, shape of y0...]
  std::vector<OdeOccurrence> events;
  SolverReport report;
  std::vector<std::shared_ptr<const detail::OdeSegment>> segments;  ///< with dense_output, see at

  /// The solution at any time between the first and the last that was reached, by the interpolant. Throws
  /// Error outside, and without dense_output.
  Tensor at(double t) const;
};

/// The solution of y' = f(t, y), y(times[0]) = y0, at the times [n], which rise or fall strictly.
///
/// Explicit Runge-Kutta steps of order 5 with an error estimate of order 4: Dormand and Prince, 1980. The
/// step follows the error by the control of Hairer, Norsett and Wanner, Solving ordinary differential
/// equations I, 1993, II.4, with beta = 0.04, and times between the steps are reached by their interpolant of
/// order 4, II.6. For stiff equations it takes many steps. Tolerances are at least 100 eps of y0's dtype.
///
/// An event is located on the interpolant, to rounding, by Brent, 1973, where g changes its sign between two
/// of four equal parts of a step; a g of 0 at the start is none.
///
/// Gradients go back through the steps that were accepted, whose sizes are constants: to y0, to what f
/// captures, and to the times where these require one. They can be differentiated again. Those of an event's
/// t and y are by the implicit function theorem (Chen, Amos and Nickel, 2021), to first order.
///
/// With `adjoint` nothing of the steps is kept: the adjoint equation is solved from the last time to the
/// first (Chen et al., 2018), with y anew from the solution at each time and with the same tolerances. What
/// forgets its start runs away backwards: such an equation needs times that are close, or backprop. It
/// needs to know what f reads: gradients go to y0 and to `parameters`. Events and gradients by times are for
/// backprop.
///
/// Throws Error for shapes, dtypes and times as above, for an f of another shape, nan or inf, for more steps
/// than max_steps or steps that vanish, as at a singularity, and for an f that reads what requires a gradient
/// and is not among the `parameters`.
OdeSolution odeint(const OdeFunction& f, const Tensor& y0, const Tensor& times,
                   const OdeOptions& options = {});

}  // namespace xgrad::optim
