#include "xgrad/optim/odeint.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "options_check.hpp"
#include "solvers/functions.hpp"
#include "solvers/ode_run.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim {

namespace detail {

namespace {

constexpr const char* name = "odeint";

/// The step's control: Hairer, Norsett and Wanner, II.4, in the form with the last error.
class OdeControl {
 public:
  /// The factor for the step behind one with this error; below 1 where that has to be made again.
  double factor(double error) {
    constexpr double beta = 0.04, safety = 0.9, least = 0.2, most = 10;
    const double now = std::pow(error, 0.2 - 0.75 * beta);
    if (!(error <= 1)) {
      rejected_ = true;
      return std::isfinite(now) ? std::max(least, safety / now) : least;
    }
    const double wanted = error == 0 ? most : safety * std::pow(last_, beta) / now;
    const double share = std::clamp(wanted, least, rejected_ ? 1 : most);
    last_ = std::max(error, 1e-4);
    rejected_ = false;
    return share;
  }

 private:
  double last_ = 1e-4;
  bool rejected_ = false;
};

class OdeRun {
 public:
  OdeRun(const OdeFunction& f, const Tensor& y0, const Tensor& times, const OdeOptions& options)
      : options_(options),
        times_(times),
        at_(flat_copy(times).to_vector<double>()),
        moving_(is_recording() && times.requires_grad()),
        f_(f, y0, at_.front(), moving_ ? times[0].to(y0.dtype()) : Tensor()),
        watch_(f_, options.events, at_.front(), y0),
        y_(y0) {
    out_.push_back(y0);
  }

  OdeSolution run() {
    const double end = at_.back(), sign = end < at_.front() ? -1 : 1;
    double t = at_.front();
    if (at_.size() > 1) begin(sign);
    while (out_.size() < at_.size() && !ended_) {
      const bool last = (t + 1.01 * h_ - end) * sign >= 0;
      if (last) h_ = end - t;
      check_step(t);
      const OdeStep step(f_, t, h_, y_, slope_);
      ++solution_.report.nit;
      const double error = step.error(options_.rtol, options_.atol);
      h_ *= control_.factor(error);
      if (std::abs(h_) > options_.max_step) h_ = sign * options_.max_step;
      if (!(error <= 1)) {
        failed_ = error;
        continue;
      }
      accept(step, last ? end : t + step.h);
      t = last ? end : t + step.h;
    }
    return finish();
  }

 private:
  void begin(double sign) {
    slope_ = f_(at_.front(), y_);
    check_finite_at_start(name, slope_);
    h_ = sign * first_step_of(f_, at_.front(), y_, slope_, sign, options_);
    if (std::abs(h_) > std::abs(at_.back() - at_.front())) h_ = at_.back() - at_.front();
  }

  void check_step(double t) const {
    if (solution_.report.nit >= options_.max_steps)
      throw Error("odeint: max_steps = " + std::to_string(options_.max_steps) +
                  " steps reach t = " + number(t) + " of " + number(at_.back()) +
                  "; raise them or the tolerances; a stiff equation needs another method");
    if (std::abs(h_) <= 4 * std::numeric_limits<double>::epsilon() * std::abs(t) || h_ == 0)
      throw Error("odeint: the steps vanish at t = " + number(t) + ", where the error is " + number(failed_) +
                  " times the tolerance; the solution must exist and be finite up to the last time");
  }

  void accept(const OdeStep& step, double end) {
    const bool at_end_only = out_.size() + 1 == at_.size() && at_.back() == end && !moving_;
    if (!at_end_only || !options_.events.empty() || options_.dense_output) {
      const auto segment = std::make_shared<const OdeSegment>(step);
      if (options_.dense_output) solution_.segments.push_back(segment);
      double limit = end;
      if (!options_.events.empty()) limit = happen(*segment, end);
      collect(*segment, step, end, limit);
    } else {
      out_.push_back(step.y1);
    }
    y_ = step.y1, slope_ = step.k[6];
  }

  /// Notes the events of a segment; returns how far it goes.
  double happen(const OdeSegment& segment, double end) {
    for (const OdeCrossing& c : watch_.crossings(segment)) {
      solution_.events.push_back(watch_.occurrence(c, segment));
      if (!options_.events[c.event].terminal) continue;
      ended_ = true;
      return c.t;
    }
    return end;
  }

  /// The solution at the times that a segment reaches.
  void collect(const OdeSegment& segment, const OdeStep& step, double end, double limit) {
    const double sign = segment.h > 0 ? 1 : -1;
    while (out_.size() < at_.size() && sign * (limit - at_[out_.size()]) >= 0) {
      const double t = at_[out_.size()];
      if (moving_) {
        const auto i = static_cast<std::int64_t>(out_.size());
        const Tensor passed = (times_[i] - times_[0]).to(f_.like().dtype());
        out_.push_back(segment.at((passed - (segment.t - at_.front())) / segment.h));
      } else {
        out_.push_back(t == end ? step.y1 : segment.at((t - segment.t) / segment.h));
      }
    }
  }

  OdeSolution finish() {
    solution_.times =
        out_.size() == at_.size() ? times_ : slice(times_, 0, 0, static_cast<std::int64_t>(out_.size()));
    solution_.y = stack(out_);
    solution_.report.solver = name;
    solution_.report.stop = ended_ ? Stop::event : Stop::reached;
    solution_.report.value = ended_ ? solution_.events.back().t.item() : at_.back();
    solution_.report.nfev = f_.calls();
    return std::move(solution_);
  }

  const OdeOptions& options_;
  Tensor times_;
  std::vector<double> at_;
  bool moving_;  ///< the times have gradients
  OdeRight f_;
  OdeWatch watch_;
  OdeControl control_;
  Tensor y_, slope_;
  double h_ = 0, failed_ = 0;
  bool ended_ = false;
  std::vector<Tensor> out_;
  OdeSolution solution_;
};

void check(const Tensor& y0, const Tensor& times, const OdeOptions& o) {
  check_start(name, y0);
  if (!times.defined() || !is_floating(times.dtype()) || times.dim() != 1 || times.numel() == 0)
    throw Error(std::string(name) + ": the times must be a floating vector with elements: they are " +
                (times.defined() ? times.describe() : std::string("undefined")));
  const auto t = times.to_vector<double>();
  const double sign = t.back() < t.front() ? -1 : 1;
  for (std::size_t i = 0; i < t.size(); ++i)
    if (!std::isfinite(t[i]) || (i > 0 && !(sign * (t[i] - t[i - 1]) > 0)))
      throw Error(std::string(name) + ": the times must be finite and rise or fall strictly: time " +
                  std::to_string(i) + " is " + number(t[i]));
  check_above_zero(name, "rtol", o.rtol);
  check_not_negative(name, "atol", o.atol);
  check_not_negative(name, "first_step", o.first_step);
  if (!(o.max_step > 0))
    throw Error(std::string(name) + ": max_step must be above 0: got " + number(o.max_step));
  check_limit(name, "max_steps", o.max_steps);
  if (!o.adjoint) return;
  if (!o.events.empty() || o.dense_output)
    throw Error(std::string(name) +
                ": events and dense_output need the steps, which the adjoint does not keep; use .adjoint = "
                "false");
  if (times.requires_grad())
    throw Error(std::string(name) + ": gradients by times need .adjoint = false: times are " +
                times.describe() + "; or give their detach()");
}

}  // namespace

OdeSolution ode_run(const OdeFunction& f, const Tensor& y0, const Tensor& times, const OdeOptions& options) {
  return OdeRun(f, y0, times, options).run();
}

}  // namespace detail

OdeSolution odeint(const OdeFunction& f, const Tensor& y0, const Tensor& times, const OdeOptions& options) {
  detail::check(y0, times, options);
  OdeOptions o = options;
  o.rtol = std::max(o.rtol, 100 * detail::epsilon_of(y0.dtype()));
  return o.adjoint ? detail::ode_adjoint(f, y0, times, o) : detail::ode_run(f, y0, times, o);
}

Tensor OdeSolution::at(double t) const {
  if (segments.empty())
    throw Error("OdeSolution.at: the steps were not kept; odeint needs .dense_output = true");
  const double first = segments.front()->t, last = segments.back()->t + segments.back()->h;
  if (!(t >= std::min(first, last) && t <= std::max(first, last)))
    throw Error("OdeSolution.at: t must lie between " + detail::number(first) + " and " +
                detail::number(last) + ": t = " + detail::number(t));
  const auto found = std::ranges::partition_point(segments, [&](const auto& s) { return !s->holds(t); });
  const detail::OdeSegment& s = found == segments.end() ? *segments.back() : **found;
  return s.at((t - s.t) / s.h);
}

}  // namespace xgrad::optim
