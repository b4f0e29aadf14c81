#pragma once

#include <span>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad::optim::detail {

/// The matrix B = theta I - W M W^T of L-BFGS with W = [Y, theta S]: Byrd, Nocedal and Schnabel,
/// Representations of quasi-Newton matrices and their use in limited memory methods, 1994.
class CompactBfgs {
 public:
  explicit CompactBfgs(std::size_t history) : history_(history) {}

  /// Takes a change s of x and y of the gradient, if s.y is large enough.
  void remember(const Tensor& s, const Tensor& y);
  void forget();
  bool empty() const { return s_.empty(); }
  double theta() const { return theta_; }
  /// B^-1 v, by the two loops of Nocedal, 1980.
  Tensor solved(const Tensor& v) const;
  /// The columns of W.
  std::size_t width() const { return 2 * s_.size(); }

  /// Row i of W.
  void row(std::size_t i, std::span<double> w) const;
  /// W^T v.
  std::vector<double> transposed(const Tensor& v) const;
  /// M v; behind `prepare`.
  std::vector<double> middle(std::span<const double> v) const;
  /// Makes M, which only some directions need.
  void prepare();

 private:
  void drop_oldest();

  std::size_t history_;
  std::vector<Tensor> s_, y_;
  std::vector<std::vector<double>> ss_, sy_;  ///< S^T S, and S^T Y
  std::vector<const double*> rows_s_, rows_y_;
  double theta_ = 1;
  std::vector<double> m_;  ///< row by row; empty until it is made
};

/// x with a x = b for a small matrix, row by row, by elimination with pivots; empty where a is singular.
std::vector<double> solved_small(std::vector<double> a, std::vector<double> b);

/// sum a b.
double product(std::span<const double> a, std::span<const double> b);

}  // namespace xgrad::optim::detail
