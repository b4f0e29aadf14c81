#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>

#include "flat.hpp"
#include "solvers/system.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim::detail {

namespace {

/// True where a step is too small to go on, measured by the largest element of x.
bool is_small(const Tensor& step, const Tensor& x, double xtol) { return largest(step) <= xtol * largest(x); }

/// The limits that all methods end by.
std::optional<Stop> ends(const System& system, const RootOptions& o) {
  if (largest(system.f()) <= o.tol) return Stop::tol;
  if (system.report.nit >= o.max_iter) return Stop::max_iter;
  if (system.report.nfev >= o.max_eval) return Stop::max_eval;
  return {};
}

/// Shortens a step until |f| falls; gives the share of it that was taken, 0 where none is good.
double shortened(System& system, const Tensor& step, double slope_share, double least) {
  const double before = size_of(system.f());
  for (double t = 1; t >= least;) {
    const Tensor x = mixed(1, system.x(), t, step), f = system.value(x);
    const double size = all_finite(f) ? size_of(f) : HUGE_VAL;
    if (size <= (1 - slope_share * t) * before) {
      system.move(x, f);
      return t;
    }
    // Where the parabola through |f|^2 and its slope -2 |f|^2 is least.
    const double ratio = std::isfinite(size) ? size / before : HUGE_VAL;
    t *= std::clamp(t / (ratio * ratio - 1 + 2 * t), 0.1, 0.5);
  }
  return 0;
}

/// -J^-1 f; where J has no inverse, the shortest of those that come nearest.
Tensor newton_step(const Tensor& j, const Tensor& f) {
  const NoGrad guard;
  const Tensor right = reshape(f, {f.numel(), 1}) * -1;
  try {
    const Tensor p = reshape(solve(j, right), {f.numel()});
    if (all_finite(p) && size_of(mixed(1, mv(j, p), 1, f)) <= 1e-6 * size_of(f)) return p;
  } catch (const Error&) {
  }
  return reshape(lstsq(j, right).solution, {f.numel()});
}

/// J^-1, or the pseudo-inverse where there is none in which a digit is right.
Tensor inverse_of(const Tensor& j) {
  try {
    const Tensor h = inverse(j);
    if (largest(flat_copy(h)) * largest(flat_copy(j)) < 1e12) return h;
  } catch (const Error&) {
  }
  return pinv(j);
}

}  // namespace

RootResult newton(System& system, const RootOptions& o) {
  while (true) {
    if (const auto why = ends(system, o)) return system.result(*why);
    const Tensor j = system.jacobian(system.x());
    if (!all_finite(flat_copy(j))) return system.result(Stop::not_finite);
    const Tensor p = newton_step(j, system.f());
    // Where J p is not -f, |f| cannot fall by its whole; where it has no part of f, not at all.
    const NoGrad guard;
    const double fall = -detail::dot(mv(j, p), system.f()) / detail::dot(system.f(), system.f());
    if (!(fall > 1e-10)) return system.result(Stop::singular);
    const Tensor before = system.x();
    const double taken = shortened(system, p, 1e-4 * fall, 1e-12);
    ++system.report.nit;
    if (taken == 0)
      return system.result(is_small(p, before, std::sqrt(o.xtol)) ? Stop::xtol : Stop::no_progress);
    if (taken == 1 && is_small(p, before, o.xtol)) return system.result(Stop::xtol);
  }
}

RootResult broyden(System& system, const RootOptions& o) {
  const NoGrad guard;
  Tensor h;
  bool fresh = false;
  while (true) {
    if (const auto why = ends(system, o)) return system.result(*why);
    if (!h.defined()) {
      const Tensor j = system.jacobian(system.x());
      if (!all_finite(flat_copy(j))) return system.result(Stop::not_finite);
      h = inverse_of(j);
      fresh = true;
    }
    const Tensor p = -mv(h, system.f()), x = system.x(), f = system.f();
    if (fresh && largest(p) == 0) return system.result(Stop::singular);
    const double taken = all_finite(p) ? shortened(system, p, 1e-4, fresh ? 1e-12 : 0.05) : 0;
    ++system.report.nit;
    if (taken == 0 && fresh)
      return system.result(is_small(p, x, std::sqrt(o.xtol)) ? Stop::xtol : Stop::no_progress);
    if (taken == 0) {
      h = Tensor();
      continue;
    }
    if (taken == 1 && is_small(p, x, o.xtol)) return system.result(Stop::xtol);
    // h becomes the inverse of the matrix nearest to the last one that takes s to y: Sherman and Morrison.
    const Tensor s = mixed(1, system.x(), -1, x), hy = mv(h, mixed(1, system.f(), -1, f));
    const double share = detail::dot(s, hy);
    if (std::abs(share) <= 1e-8 * size_of(s) * size_of(hy))
      h = Tensor();
    else
      h = h + outer(mixed(1, s, -1, hy), mv(h.t(), s)) / share;
    fresh = false;
  }
}

RootResult anderson(System& system, const FixedPointOptions& o, double mixing) {
  const NoGrad guard;
  std::deque<Tensor> steps, changes;
  while (true) {
    if (largest(system.f()) <= o.tol) return system.result(Stop::tol);
    if (system.report.nfev >= o.max_iter) return system.result(Stop::max_iter);
    Tensor p = mixed(mixing, system.f(), 0, system.f());
    if (!steps.empty()) {
      const Tensor dx = stack(std::vector<Tensor>(steps.begin(), steps.end()), 1),
                   df = stack(std::vector<Tensor>(changes.begin(), changes.end()), 1);
      const Tensor shares = lstsq(df, reshape(system.f(), {p.numel(), 1}), 1e-12).solution;
      p = p - reshape(matmul(dx + df * mixing, shares), {p.numel()});
    }
    const Tensor x = mixed(1, system.x(), 1, p), f = system.value(x);
    ++system.report.nit;
    if (!all_finite(f)) return system.result(Stop::not_finite);
    const bool small = is_small(p, system.x(), o.xtol);
    if (o.history_size > 0) {
      steps.push_back(p), changes.push_back(mixed(1, f, -1, system.f()));
      if (std::ssize(steps) > std::min<std::int64_t>(o.history_size, p.numel()))
        steps.pop_front(), changes.pop_front();
    }
    system.move(x, f);
    if (small && largest(f) > o.tol && is_small(f, x, std::sqrt(o.xtol))) return system.result(Stop::xtol);
  }
}

}  // namespace xgrad::optim::detail
