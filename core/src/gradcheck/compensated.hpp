#pragma once

#include <cmath>

namespace xgrad::checking {

/// A sum of products as accurate as if it were computed in twice the precision and rounded once (the dot
/// product of Ogita, Rump and Oishi, 2005).
class CompensatedSum {
 public:
  void add_product(double a, double b) {
    const double p = a * b;
    const double s = sum_ + p;
    const double t = s - sum_;
    rest_ += ((sum_ - (s - t)) + (p - t)) + std::fma(a, b, -p);
    sum_ = s;
  }
  double value() const { return sum_ + rest_; }

 private:
  double sum_ = 0, rest_ = 0;
};

}  // namespace xgrad::checking
