#pragma once

#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad::optim::detail {

/// A linearized sum of squares |r + J p|^2 in the scaled step q = D p, by the singular values of J D^-1.
class TrustStep {
 public:
  /// j[m, n] and r[m] in float64; scale[n] is the diagonal of D.
  TrustStep(const Tensor& j, const Tensor& r, const std::vector<double>& scale);

  struct Step {
    std::vector<double> p;  ///< not scaled
    double length;          ///< |D p|
    double lambda;
    double linear;  ///< |J p|
  };
  /// The step with |D p| <= delta, within a tenth, that makes |r + J p| least: lambda solves the secular
  /// equation by the iteration of Hebden, 1973, in the bounds of Moré, 1978, beginning at `lambda`.
  Step within(double delta, double lambda) const;

  int rank() const { return rank_; }
  /// (J^T J)^-1 [n, n]; inf where J has not full rank.
  Tensor inverse_normal() const;

 private:
  double length(double lambda) const;
  double slope(double lambda, double length) const;

  std::size_t n_;
  const std::vector<double>& scale_;
  std::vector<double> s_, b_, v_;  ///< singular values, U^T r, and V^T row by row
  int rank_ = 0;
};

}  // namespace xgrad::optim::detail
