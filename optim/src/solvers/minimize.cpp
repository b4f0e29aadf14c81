#include "xgrad/optim/minimize.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "flat.hpp"
#include "line_search.hpp"
#include "options_check.hpp"
#include "solvers/box.hpp"
#include "solvers/objective.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim::detail {

namespace {

constexpr const char* name = "minimize";

void check(const MinimizeOptions& o) {
  check_not_negative(name, "gtol", o.gtol);
  check_not_negative(name, "ftol", o.ftol);
  check_limit(name, "max_iter", o.max_iter);
  check_limit(name, "max_eval", o.max_eval);
  check_limit(name, "history_size", o.history_size);
}

/// A bound as a vector of float64, of numbers that x's dtype has.
Tensor bound_of(const char* which, const Tensor& bound, const Tensor& x, double missing) {
  const NoGrad guard;
  if (!bound.defined()) return full({x.numel()}, missing, {.dtype = float64});
  Tensor all;
  try {
    all = broadcast_to(bound.detach().to(x.dtype()), x.shape());
  } catch (const Error&) {
    throw Error(std::string(name) + ": " + which + " must broadcast to x: it is " + bound.describe() +
                ", x is " + x.describe());
  }
  return flat_copy(all);
}

Box box_of(const MinimizeOptions& o, const Tensor& x) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Box box{bound_of("lower", o.lower, x, -infinity), bound_of("upper", o.upper, x, infinity)};
  const Tensor flat = flat_copy(x);
  const auto low = box.lower.data<double>(), high = box.upper.data<double>(), v = flat.data<double>();
  for (std::size_t i = 0; i < v.size(); ++i) {
    std::string bounds = "[";
    bounds.append(number(low[i])).append(", ").append(number(high[i])).append("]");
    if (!(low[i] <= high[i]))
      throw Error(std::string(name) + ": lower must not be above upper: element " + std::to_string(i) +
                  " is to be in " + bounds);
    if (!(v[i] >= low[i] && v[i] <= high[i]))
      throw Error(std::string(name) + ": the start must lie in the bounds: element " + std::to_string(i) +
                  " is " + number(v[i]) + ", outside " + bounds + "; clamp it");
  }
  return box;
}

class BoxSearch {
 public:
  BoxSearch(const TensorFunction& f, const Tensor& start, const MinimizeOptions& options)
      : f_(name, f, start),
        options_(options),
        box_(box_of(options, start)),
        b_(static_cast<std::size_t>(options.history_size)),
        x_(flat_copy(start)) {
    options_.ftol = std::max(options_.ftol, 4 * f_.epsilon());
  }

  MinimizeResult run() {
    value_ = f_.value(x_);
    g_ = f_.gradient();
    Stop why = Stop::max_iter;
    while (!step(why)) ++f_.report.nit;
    f_.report.stop = why, f_.report.value = value_, f_.report.gradient = box_.largest_free(x_, g_);
    return {f_.shaped(x_), value_, f_.shaped(g_), f_.report};
  }

 private:
  bool ends(Stop& why, Stop reason) {
    why = reason;
    return true;
  }

  /// One direction and the search along it; true when it is over.
  bool step(Stop& why) {
    if (!all_finite(g_)) return ends(why, Stop::not_finite);
    if (box_.largest_free(x_, g_) <= options_.gtol) return ends(why, Stop::gtol);
    if (f_.report.nit >= options_.max_iter) return ends(why, Stop::max_iter);
    if (f_.report.nfev >= options_.max_eval) return ends(why, Stop::max_eval);
    const Tensor d = box_.direction(b_, x_, g_);
    const double slope = dot(d, g_);
    if (!(slope < 0) || !std::isfinite(slope)) return again(why, 0);
    const Found found = search(d, slope);
    const double fall = value_ - found.trial.loss;
    if (!(found.trial.t > 0) || !(fall > 0)) return again(why, -slope);
    const Tensor x = box_.moved(x_, found.trial.t, d);
    b_.remember(mixed(1, x, -1, x_), mixed(1, found.trial.gradient, -1, g_));
    x_ = x, value_ = found.trial.loss, g_ = found.trial.gradient;
    if (falls_on(found.trial, slope)) return ends(why, Stop::unbounded);
    if (fall <= options_.ftol * std::abs(value_) && box_.largest_free(x_, g_) > options_.gtol)
      return ends(why, Stop::ftol);
    return false;
  }

  Found search(const Tensor& d, double slope) {
    const auto at = [&](double t) {
      const double loss = f_.value(box_.moved(x_, t, d));
      const Tensor g = f_.gradient();
      return Trial{t, loss, dot(g, d), g};
    };
    const double most = std::max(1.0, box_.reach(x_, d));
    const double first = b_.empty() ? std::min(1.0, 1 / size_of(d)) : 1;
    return strong_wolfe(at, {0, value_, slope, g_}, first, {.tolerance = 0, .most = most});
  }

  /// Whether the search has given up where it goes down as steeply as at its start, far away.
  static bool falls_on(const Trial& trial, double slope) {
    constexpr double far = 1e10;  // of 25 tries, each up to ten times as far away as the one before
    return std::isinf(trial.loss) || (trial.t > far && trial.slope <= 0.9 * slope);
  }

  /// Where a direction is of no use: it is over where not more than rounding was expected, or else goes on
  /// without what is remembered.
  bool again(Stop& why, double expected) {
    const double noise = std::max(options_.ftol, 50 * f_.epsilon()) * std::abs(value_);
    if (expected > 0 && expected <= noise) return ends(why, Stop::ftol);
    if (b_.empty()) return ends(why, Stop::no_progress);
    b_.forget();
    return false;
  }

  Objective f_;
  MinimizeOptions options_;
  Box box_;
  CompactBfgs b_;
  Tensor x_, g_;
  double value_ = 0;
};

}  // namespace

MinimizeResult minimize_of(const TensorFunction& f, const Tensor& x, const MinimizeOptions& options) {
  check(options);
  check_start(name, x);
  return BoxSearch(f, x, options).run();
}

}  // namespace xgrad::optim::detail
