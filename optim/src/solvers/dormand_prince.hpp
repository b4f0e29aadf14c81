#pragma once

#include <array>

#include "xgrad/optim/odeint.hpp"

namespace xgrad::optim::detail {

/// An f whose values are checked, that counts its calls and makes its times.
class OdeRight {
 public:
  /// `clock`, if it is defined, is the first time, with a history.
  OdeRight(const OdeFunction& f, const Tensor& y0, double start, Tensor clock)
      : f_(f), like_(y0.detach()), start_(start), clock_(std::move(clock)) {}

  /// A time as f gets it.
  Tensor time(double t) const;
  Tensor operator()(double t, const Tensor& y);
  std::int64_t calls() const { return calls_; }
  const Tensor& like() const { return like_; }

 private:
  const OdeFunction& f_;
  Tensor like_;
  double start_;
  Tensor clock_;
  std::int64_t calls_ = 0;
};

/// A step of Dormand and Prince's method from t to t + h, recorded as everything is.
struct OdeStep {
  double t, h;
  Tensor y, y1;
  std::array<Tensor, 7> k;

  OdeStep(OdeRight& f, double from, double size, const Tensor& start, const Tensor& slope);
  /// The root of the mean square of the estimated error over atol + rtol max(|y|, |y1|).
  double error(double rtol, double atol) const;
};

/// What interpolates a step: y(t + theta h) = r0 + theta (r1 + (1 - theta) (r2 + theta (r3 + (1 - theta)
/// r4))).
struct OdeSegment {
  double t, h;
  std::array<Tensor, 5> r;

  explicit OdeSegment(const OdeStep& step);
  Tensor at(double theta) const;
  Tensor at(const Tensor& theta) const;
  bool holds(double time) const { return h > 0 ? time <= t + h : time >= t + h; }
};

/// The root of the mean square of x over atol + rtol max(|y|, |z|); nan where z is not finite.
double scaled_size(const Tensor& x, const Tensor& y, const Tensor& z, double rtol, double atol);

/// A first step: Hairer, Norsett and Wanner, II.4.
double first_step_of(OdeRight& f, double t, const Tensor& y, const Tensor& slope, double sign,
                     const OdeOptions& options);

}  // namespace xgrad::optim::detail
