#include "xgrad/optim/levenberg_marquardt.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "flat.hpp"
#include "options_check.hpp"
#include "solvers/functions.hpp"
#include "solvers/trust_step.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/functional.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim::detail {

namespace {

constexpr const char* name = "levenberg_marquardt";
constexpr double infinity = std::numeric_limits<double>::infinity();

void check(const LevenbergMarquardtOptions& o) {
  check_not_negative(name, "ftol", o.ftol);
  check_not_negative(name, "xtol", o.xtol);
  check_not_negative(name, "gtol", o.gtol);
  check_above_zero(name, "factor", o.factor);
  check_limit(name, "max_iter", o.max_iter);
  check_limit(name, "max_eval", o.max_eval);
}

/// The iteration of Moré, 1978, with the constants of MINPACK.
class Fit {
 public:
  Fit(const TensorFunction& f, const Tensor& start, const LevenbergMarquardtOptions& options)
      : f_(f), start_(start), options_(options), x_(flat_copy(start)) {
    const double eps = epsilon_of(start.dtype());
    options_.ftol = std::max(options_.ftol, 4 * eps);
    options_.xtol = std::max(options_.xtol, 4 * eps);
    options_.gtol = std::max(options_.gtol, eps);
    report_.solver = name;
  }

  LeastSquaresResult run() {
    begin();
    while (!step()) ++report_.nit;
    return result();
  }

 private:
  void begin() {
    const NoGrad guard;
    const Tensor y = one_value(name, f_, {leaf_of(x_, start_, false)});
    ++report_.nfev;
    if (y.numel() == 0)
      throw Error(std::string(name) + ": the residuals must have elements: they are " + y.describe());
    check_finite_at_start(name, y);
    like_ = y.detach();
    r_ = flat_copy(y);
    length_ = size_of(r_);
  }

  /// The residuals at a place, as a vector.
  Tensor residuals_at(const Tensor& x) {
    const NoGrad guard;
    const Tensor y = one_value(name, f_, {leaf_of(x, start_, false)});
    ++report_.nfev;
    if (!(y.shape() == like_.shape()))
      throw Error(std::string(name) + ": the residuals must keep their shape: they were " + like_.describe() +
                  " and became " + y.describe());
    return flat_copy(y);
  }

  /// J[m, n] at x.
  Tensor jacobian_at_x() {
    const Tensor j = jacobian(
        [this](const Tensor& x) {
          const Tensor y = one_value(name, f_, {x});
          // Forward passes of jacobian ask again, without recording.
          if (x.requires_grad() && !y.requires_grad())
            throw Error(std::string(name) + ": the residuals must depend on x by recorded ops: they are " +
                        y.describe());
          return y;
        },
        leaf_of(x_, start_, false));
    ++report_.njev;
    return reshape(flat_copy(j), {r_.numel(), x_.numel()});
  }

  /// The norms of J's columns, and the largest cosine between one of them and r.
  double measure(const Tensor& j) {
    const NoGrad guard;
    const auto norms = norm(j, 2, {0}).to_vector<double>();
    const auto products = sum(j * reshape(r_, {r_.numel(), 1}), {0}).to_vector<double>();
    if (scale_.empty()) scale_.assign(norms.size(), 0);
    double cosine = 0;
    report_.gradient = 0;
    for (std::size_t i = 0; i < norms.size(); ++i) {
      report_.gradient = std::max(report_.gradient, std::abs(products[i]));
      if (norms[i] > 0 && length_ > 0) cosine = std::max(cosine, std::abs(products[i]) / norms[i] / length_);
      scale_[i] = std::max(scale_[i], norms[i]);
      if (scale_[i] == 0) unscaled_ = true;
    }
    return cosine;
  }

  std::vector<double> scales() const {
    std::vector<double> d = scale_;
    if (unscaled_)
      for (double& v : d) v = v == 0 ? 1 : v;
    return d;
  }

  double scaled_length(const std::vector<double>& d) const {
    double sum = 0;
    for (std::size_t i = 0; i < d.size(); ++i) sum += std::pow(d[i] * x_.data<double>()[i], 2);
    return std::sqrt(sum);
  }

  bool stop(Stop why) {
    report_.stop = why;
    return true;
  }

  /// From one Jacobian to the next; true when it is over.
  bool step() {
    const Tensor j = jacobian_at_x();
    if (!all_finite(reshape(j, {j.numel()}))) return stop(Stop::not_finite);
    const double cosine = measure(j);
    const std::vector<double> d = scales();
    const TrustStep model(j, r_, d);
    if (report_.nit == 0) {
      const double size = scaled_length(d);
      delta_ = size > 0 ? options_.factor * size : options_.factor;
    }
    if (cosine <= options_.gtol) return stop(Stop::gtol);
    while (true) {
      if (report_.nfev >= options_.max_eval) return stop(Stop::max_eval);
      const TrustStep::Step s = model.within(delta_, lambda_);
      const bool better = attempt(s);
      if (const auto why = reason(d)) return stop(*why);
      if (better) return report_.njev >= options_.max_iter && stop(Stop::max_iter);
    }
  }

  /// Takes a step if it is good enough, and changes delta by what it brought.
  bool attempt(const TrustStep::Step& s) {
    lambda_ = s.lambda;
    if (report_.nit == 0) delta_ = std::min(delta_, s.length);
    const Tensor x = mixed(1, x_, 1, tensor(s.p));
    const Tensor r = residuals_at(x);
    const double length = all_finite(r) ? size_of(r) : infinity;
    fall_ = 0.1 * length < length_ ? 1 - std::pow(length / length_, 2) : -1;
    const double linear = std::pow(s.linear / length_, 2);
    const double damped = s.lambda * std::pow(s.length / length_, 2);
    expected_ = linear + 2 * damped;
    ratio_ = expected_ > 0 ? fall_ / expected_ : 0;
    if (ratio_ <= 0.25) {
      const double slope = -(linear + damped);
      double share = fall_ >= 0 ? 0.5 : 0.5 * slope / (slope + 0.5 * fall_);
      if (0.1 * length >= length_ || share < 0.1) share = 0.1;
      delta_ = share * std::min(delta_, 10 * s.length);
      lambda_ /= share;
    } else if (lambda_ == 0 || ratio_ >= 0.75) {
      delta_ = 2 * s.length;
      lambda_ *= 0.5;
    }
    if (!(ratio_ >= 1e-4)) return false;
    x_ = x, r_ = r, length_ = length;
    return true;
  }

  std::optional<Stop> reason(const std::vector<double>& d) const {
    if (std::abs(fall_) <= options_.ftol && expected_ <= options_.ftol && ratio_ <= 2) return Stop::ftol;
    if (delta_ <= options_.xtol * scaled_length(d)) return Stop::xtol;
    if (delta_ < std::numeric_limits<double>::min()) return Stop::no_progress;  // around x = 0
    return {};
  }

  LeastSquaresResult result() {
    const NoGrad guard;
    LeastSquaresResult out;
    out.x = leaf_of(x_, start_, false);
    out.residuals = leaf_of(r_, like_, false);
    out.sum_of_squares = length_ * length_;
    const std::int64_t m = r_.numel(), n = x_.numel();
    out.standard_deviation = m > n ? length_ / std::sqrt(static_cast<double>(m - n)) : infinity;
    const Tensor j = jacobian_at_x();
    if (all_finite(reshape(j, {j.numel()}))) {
      measure(j);
      const std::vector<double> d = scales();
      const TrustStep model(j, r_, d);
      out.rank = model.rank();
      out.covariance = model.inverse_normal() * (out.standard_deviation * out.standard_deviation);
    } else {
      out.covariance = full({n, n}, infinity, {.dtype = float64});
    }
    std::vector<double> errors;
    for (std::int64_t i = 0; i < n; ++i) errors.push_back(std::sqrt(out.covariance.at({i, i})));
    out.standard_errors = tensor(errors, start_.shape());
    report_.value = out.sum_of_squares;
    out.report = report_;
    return out;
  }

  const TensorFunction& f_;
  const Tensor& start_;
  LevenbergMarquardtOptions options_;
  SolverReport report_;
  Tensor x_, r_, like_;
  std::vector<double> scale_;
  bool unscaled_ = false;
  double length_ = 0, delta_ = 0, lambda_ = 0, fall_ = 0, expected_ = 0, ratio_ = 0;
};

}  // namespace

LeastSquaresResult levenberg_marquardt_of(const TensorFunction& residuals, const Tensor& x,
                                          const LevenbergMarquardtOptions& options) {
  check(options);
  check_start(name, x);
  return Fit(residuals, x, options).run();
}

}  // namespace xgrad::optim::detail
