#include "solvers/trust_step.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim::detail {

TrustStep::TrustStep(const Tensor& j, const Tensor& r, const std::vector<double>& scale)
    : n_(scale.size()), scale_(scale) {
  const NoGrad guard;
  Tensor a = j / tensor(scale), c = r;
  if (j.size(0) > j.size(1)) {
    const QR parts = qr(a);
    a = parts.r, c = mv(parts.q.t(), r);
  }
  const SVD parts = svd(a);
  s_ = parts.s.to_vector<double>();
  b_ = mv(parts.u.t(), c).to_vector<double>();
  v_ = parts.vh.to_vector<double>();
  const double least =
      s_[0] * std::numeric_limits<double>::epsilon() * static_cast<double>(std::max(j.size(0), j.size(1)));
  while (static_cast<std::size_t>(rank_) < s_.size() && s_[static_cast<std::size_t>(rank_)] > least) ++rank_;
  s_.resize(static_cast<std::size_t>(rank_));
}

double TrustStep::length(double lambda) const {
  double sum = 0;
  for (std::size_t i = 0; i < s_.size(); ++i) {
    const double q = s_[i] * b_[i] / (s_[i] * s_[i] + lambda);
    sum += q * q;
  }
  return std::sqrt(sum);
}

/// d |q| / d lambda.
double TrustStep::slope(double lambda, double length) const {
  double sum = 0;
  for (std::size_t i = 0; i < s_.size(); ++i) {
    const double d = s_[i] * s_[i] + lambda, q = s_[i] * b_[i] / d;
    sum += q * q / d;
  }
  return -sum / length;
}

TrustStep::Step TrustStep::within(double delta, double lambda) const {
  double long_by = length(0) - delta;
  if (long_by <= 0.1 * delta) {
    lambda = 0;
  } else {
    double least = -long_by / slope(0, long_by + delta), most = 0;
    for (std::size_t i = 0; i < s_.size(); ++i) most += s_[i] * s_[i] * b_[i] * b_[i];
    most = std::sqrt(most) / delta;
    for (int i = 0; i < 30; ++i) {
      if (!(lambda > least && lambda < most))
        lambda = std::max(0.001 * most, std::sqrt(std::max(0.0, least) * most));
      const double now = length(lambda);
      long_by = now - delta;
      if (std::abs(long_by) <= 0.1 * delta) break;
      if (long_by < 0) most = std::min(most, lambda);
      const double change = long_by / slope(lambda, now);
      least = std::max(least, lambda - change);
      lambda -= now / delta * change;
    }
  }
  Step step{std::vector<double>(n_, 0.0), length(lambda), lambda, 0};
  for (std::size_t i = 0; i < s_.size(); ++i) {
    const double q = -s_[i] * b_[i] / (s_[i] * s_[i] + lambda);
    step.linear += s_[i] * s_[i] * q * q;
    for (std::size_t k = 0; k < n_; ++k) step.p[k] += q * v_[i * n_ + k] / scale_[k];
  }
  step.linear = std::sqrt(step.linear);
  return step;
}

Tensor TrustStep::inverse_normal() const {
  const NoGrad guard;
  std::vector<double> all(n_ * n_, std::numeric_limits<double>::infinity());
  if (static_cast<std::size_t>(rank_) == n_)
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t k = 0; k < n_; ++k) {
        double sum = 0;
        for (std::size_t l = 0; l < n_; ++l) sum += v_[l * n_ + i] / s_[l] * (v_[l * n_ + k] / s_[l]);
        all[i * n_ + k] = sum / scale_[i] / scale_[k];
      }
  const auto n = static_cast<std::int64_t>(n_);
  return tensor(all, {n, n});
}

}  // namespace xgrad::optim::detail
