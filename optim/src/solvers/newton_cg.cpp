#include <algorithm>
#include <cmath>

#include "flat.hpp"
#include "options_check.hpp"
#include "solvers/objective.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/optim/minimize.hpp"

namespace xgrad::optim::detail {

namespace {

constexpr const char* name = "newton_cg";

struct CgStep {
  Tensor p;
  double fall;  ///< of the quadratic model
  bool at_border;
};

/// The t >= 0 with |p + t d| = radius.
double to_border(const Tensor& p, const Tensor& d, double radius) {
  const double dd = dot(d, d), pd = dot(p, d), pp = dot(p, p), room = std::max(0.0, radius * radius - pp);
  const double root = std::sqrt(pd * pd + dd * room);
  return pd > 0 ? room / (pd + root) : (root - pd) / dd;
}

/// The minimum of g p + p H p / 2 within the radius, as far as conjugate gradients take it.
CgStep steihaug(Objective& f, const Tensor& g, double radius, double tolerance, int most) {
  const Tensor none = mixed(0, g, 0, g);
  CgStep step{none, 0, false};
  Tensor hp = none, r = g, d = mixed(-1, g, 0, g);
  double rr = dot(r, r);
  const auto along = [&](double t, const Tensor& hd) {
    step.p = mixed(1, step.p, t, d), hp = mixed(1, hp, t, hd);
    step.fall = -dot(g, step.p) - dot(step.p, hp) / 2;
  };
  for (int i = 0; i < most; ++i) {
    const Tensor hd = f.times_hessian(d);
    const double curvature = dot(d, hd), t = rr / curvature;
    if (!(curvature > 0) || !(size_of(mixed(1, step.p, t, d)) < radius)) {
      if (std::isfinite(curvature)) along(to_border(step.p, d, radius), hd);
      step.at_border = true;
      return step;
    }
    along(t, hd);
    r = mixed(1, r, t, hd);
    const double next = dot(r, r);
    if (std::sqrt(next) <= tolerance) break;
    d = mixed(-1, r, next / rr, d);
    rr = next;
  }
  return step;
}

void check(const NewtonCgOptions& o) {
  check_not_negative(name, "gtol", o.gtol);
  check_not_negative(name, "ftol", o.ftol);
  check_limit(name, "max_iter", o.max_iter);
  check_not_negative(name, "max_cg_iter", o.max_cg_iter);
  check_not_negative(name, "initial_trust_radius", o.initial_trust_radius);
}

/// A trust region's iteration: Nocedal and Wright, algorithm 4.1.
class NewtonSearch {
 public:
  NewtonSearch(const TensorFunction& f, const Tensor& start, const NewtonCgOptions& options)
      : f_(name, f, start), options_(options), x_(flat_copy(start)) {
    options_.ftol = std::max(options_.ftol, 4 * f_.epsilon());
    if (options_.max_cg_iter == 0)
      options_.max_cg_iter = static_cast<int>(std::min<std::int64_t>(2 * x_.numel(), 1 << 30));
  }

  MinimizeResult run() {
    first_ = value_ = f_.value(x_);
    g_ = f_.gradient(true);
    radius_ = options_.initial_trust_radius > 0 ? options_.initial_trust_radius : size_of(x_);
    if (radius_ == 0) radius_ = 1;
    farthest_ = std::max({1.0, radius_, size_of(x_)});
    Stop why = Stop::max_iter;
    while (!step(why)) ++f_.report.nit;
    f_.report.stop = why, f_.report.value = value_, f_.report.gradient = largest(g_);
    return {f_.shaped(x_), value_, f_.shaped(g_), f_.report};
  }

 private:
  bool ends(Stop& why, Stop reason) {
    why = reason;
    return true;
  }

  /// From one gradient to the next; true when it is over.
  bool step(Stop& why) {
    const double size = size_of(g_);
    if (!std::isfinite(size)) return ends(why, Stop::not_finite);
    if (largest(g_) <= options_.gtol) return ends(why, Stop::gtol);
    if (f_.report.nit >= options_.max_iter) return ends(why, Stop::max_iter);
    const CgStep s = steihaug(f_, g_, radius_, std::min(0.5, std::sqrt(size)) * size, options_.max_cg_iter);
    const double length = size_of(s.p);
    const double noise = options_.ftol * std::abs(value_);
    if (!(s.fall > 0) || !std::isfinite(length)) return ends(why, Stop::no_progress);
    const Tensor x = mixed(1, x_, 1, s.p);
    const double value = f_.value(x);
    const double fall = value_ - value, ratio = fall / s.fall;
    if (is_endless(value) || (fall > 0 && s.at_border && length > 1e20 * farthest_))
      return x_ = x, value_ = value, g_ = f_.gradient(true), ends(why, Stop::unbounded);
    if (!(ratio >= 0.25))
      radius_ = length / 4;
    else if (ratio > 0.75 && s.at_border)
      radius_ = std::max(radius_, 2 * length);
    if (ratio >= 1e-4 && std::isfinite(value)) {
      x_ = x, value_ = value, g_ = f_.gradient(true);
      if (fall <= noise && s.fall <= noise && !s.at_border)
        return largest(g_) > options_.gtol && ends(why, Stop::ftol);
      return false;
    }
    if (s.fall <= noise) return ends(why, Stop::ftol);
    if (length <= 1e-3 * f_.epsilon() * size_of(x_) || radius_ < 1e-300) return ends(why, Stop::no_progress);
    return false;
  }

  /// Whether a value is on its way to -inf, where derivatives overflow before it does.
  bool is_endless(double value) const { return value < -1e100 * std::max(1.0, std::abs(first_)); }

  Objective f_;
  NewtonCgOptions options_;
  Tensor x_, g_;
  double value_ = 0, radius_ = 0;
  double first_ = 0;     ///< value
  double farthest_ = 1;  ///< that the start is from 0, or the first radius, or 1
};

}  // namespace

MinimizeResult newton_cg_of(const TensorFunction& f, const Tensor& x, const NewtonCgOptions& options) {
  check(options);
  return NewtonSearch(f, x, options).run();
}

}  // namespace xgrad::optim::detail
