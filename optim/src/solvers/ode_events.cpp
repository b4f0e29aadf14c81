#include <algorithm>
#include <string>

#include "solvers/bracket.hpp"
#include "solvers/functions.hpp"
#include "solvers/ode_run.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/functional.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim::detail {

namespace {

constexpr int parts = 4;  // of a segment, at whose ends signs are compared

Tensor number_of(const OdeEvent& event, const Tensor& t, const Tensor& y) {
  const Tensor g = event.g(t, y);
  if (!g.defined() || g.numel() != 1)
    throw Error("odeint: an event must return one number: it returned " +
                (g.defined() ? g.describe() : std::string("an undefined tensor")));
  return reshape(g, {});
}

}  // namespace

OdeWatch::OdeWatch(OdeRight& f, const std::vector<OdeEvent>& events, double t, const Tensor& y)
    : f_(f), events_(events) {
  for (std::size_t i = 0; i < events.size(); ++i) last_.push_back(value(i, t, y));
}

double OdeWatch::value(std::size_t event, double t, const Tensor& y) const {
  const NoGrad guard;
  return number_of(events_[event], f_.time(t), y).item();
}

std::vector<OdeCrossing> OdeWatch::crossings(const OdeSegment& segment) {
  const NoGrad guard;
  std::vector<OdeCrossing> found;
  for (std::size_t e = 0; e < events_.size(); ++e) {
    const auto g = [&](double theta) { return value(e, segment.t + theta * segment.h, segment.at(theta)); };
    double before = last_[e];
    for (int i = 1; i <= parts; ++i) {
      const double from = static_cast<double>(i - 1) / parts, to = static_cast<double>(i) / parts;
      const double now = g(to);
      const bool grows = before < 0 && now >= 0, falls = before > 0 && now <= 0;
      if ((grows && events_[e].direction >= 0) || (falls && events_[e].direction <= 0))
        found.push_back({e, segment.t + segment.h * bracketed_root(g, from, before, to, now)});
      before = now;
    }
    last_[e] = before;
  }
  const double sign = segment.h > 0 ? 1 : -1;
  std::ranges::stable_sort(found, {}, [&](const OdeCrossing& c) { return sign * c.t; });
  return found;
}

OdeOccurrence OdeWatch::occurrence(const OdeCrossing& crossing, const OdeSegment& segment) {
  const double theta = (crossing.t - segment.t) / segment.h;
  const OdeEvent& event = events_[crossing.event];
  Tensor t = f_.time(crossing.t), y = segment.at(theta);
  if (!is_recording()) return {crossing.event, t, y};
  const Tensor g = number_of(event, t, y);
  if (!g.requires_grad()) return {crossing.event, t, y};
  // t - (g - its value) / (dg / dt): the value is t, and the derivative that of the time where g is 0.
  const auto slope = [&] {
    const NoGrad guard;
    return f_(crossing.t, y.detach());
  }();
  const auto at = [&](const Tensor& time, const Tensor& state) { return number_of(event, time, state); };
  const double rate = jvp(at, {t.detach(), y.detach()}, {full_like(t.detach(), 1), slope}).second.item();
  const Tensor later = (g - g.detach()) / -rate;
  return {crossing.event, t + later, y + slope * later};
}

}  // namespace xgrad::optim::detail
