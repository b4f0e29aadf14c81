#pragma once

#include "solvers/dormand_prince.hpp"

namespace xgrad::optim::detail {

/// The solution by steps that are recorded as everything is: odeint without the adjoint. What is given has
/// been checked.
OdeSolution ode_run(const OdeFunction& f, const Tensor& y0, const Tensor& times, const OdeOptions& options);

/// The solution whose gradients are by the adjoint equation.
OdeSolution ode_adjoint(const OdeFunction& f, const Tensor& y0, const Tensor& times,
                        const OdeOptions& options);

/// Where g is 0 in a segment, in the order of time.
struct OdeCrossing {
  std::size_t event;
  double t;
};

/// Looks for events from one segment to the next.
class OdeWatch {
 public:
  OdeWatch(OdeRight& f, const std::vector<OdeEvent>& events, double t, const Tensor& y);
  std::vector<OdeCrossing> crossings(const OdeSegment& segment);
  /// What happens at a crossing, with its gradient.
  OdeOccurrence occurrence(const OdeCrossing& crossing, const OdeSegment& segment);

 private:
  double value(std::size_t event, double t, const Tensor& y) const;

  OdeRight& f_;
  const std::vector<OdeEvent>& events_;
  std::vector<double> last_;
};

}  // namespace xgrad::optim::detail
