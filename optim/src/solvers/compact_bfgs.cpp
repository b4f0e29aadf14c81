#include "solvers/compact_bfgs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "flat.hpp"

namespace xgrad::optim::detail {

void CompactBfgs::remember(const Tensor& s, const Tensor& y) {
  const double sy = dot(s, y), yy = dot(y, y);
  if (!(sy > std::numeric_limits<double>::epsilon() * yy)) return;
  if (s_.size() == history_) drop_oldest();
  std::vector<double> ss_row, sy_row;
  for (std::size_t i = 0; i < s_.size(); ++i) {
    ss_row.push_back(dot(s, s_[i])), sy_row.push_back(dot(s, y_[i]));
    ss_[i].push_back(ss_row.back()), sy_[i].push_back(dot(s_[i], y));
  }
  ss_row.push_back(dot(s, s)), sy_row.push_back(sy);
  ss_.push_back(ss_row), sy_.push_back(sy_row);
  s_.push_back(s), y_.push_back(y);
  theta_ = yy / sy;
  m_.clear();
}

void CompactBfgs::drop_oldest() {
  s_.erase(s_.begin()), y_.erase(y_.begin());
  ss_.erase(ss_.begin()), sy_.erase(sy_.begin());
  for (auto& row : ss_) row.erase(row.begin());
  for (auto& row : sy_) row.erase(row.begin());
}

void CompactBfgs::forget() {
  s_.clear(), y_.clear(), ss_.clear(), sy_.clear(), m_.clear();
  theta_ = 1;
}

Tensor CompactBfgs::solved(const Tensor& v) const {
  Tensor d = mixed(1, v, 0, v);
  std::vector<double> shares(s_.size());
  for (std::size_t i = s_.size(); i-- > 0;) {
    shares[i] = dot(s_[i], d) / sy_[i][i];
    add_to(d, -shares[i], y_[i]);
  }
  d = mixed(1 / theta_, d, 0, d);
  for (std::size_t i = 0; i < s_.size(); ++i) add_to(d, shares[i] - dot(y_[i], d) / sy_[i][i], s_[i]);
  return d;
}

/// M = [-D, L^T; L, theta S^T S]^-1 with D the diagonal of S^T Y and L what is below it.
void CompactBfgs::prepare() {
  if (!m_.empty() || s_.empty()) return;
  const std::size_t n = s_.size(), width = 2 * n;
  rows_s_.clear(), rows_y_.clear();
  for (std::size_t i = 0; i < n; ++i)
    rows_s_.push_back(s_[i].data<double>().data()), rows_y_.push_back(y_[i].data<double>().data());
  std::vector<double> a(width * width, 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const double sy = sy_[i][j];
      if (i == j) a[i * width + i] = -sy;
      if (i > j) a[(n + i) * width + j] = a[j * width + n + i] = sy;
      a[(n + i) * width + n + j] = theta_ * ss_[i][j];
    }
  std::vector<double> scale(width);  // to ones on the diagonal, or pivots would be of the largest pairs
  for (std::size_t i = 0; i < width; ++i) scale[i] = 1 / std::sqrt(std::abs(a[i * width + i]));
  for (std::size_t i = 0; i < width; ++i)
    for (std::size_t j = 0; j < width; ++j) a[i * width + j] *= scale[i] * scale[j];
  m_.assign(width * width, 0);
  for (std::size_t i = 0; i < width; ++i) {
    std::vector<double> unit(width, 0);
    unit[i] = 1;
    const std::vector<double> column = solved_small(a, unit);
    if (column.empty()) return forget();
    for (std::size_t j = 0; j < width; ++j) m_[j * width + i] = column[j] * scale[i] * scale[j];
  }
}

void CompactBfgs::row(std::size_t i, std::span<double> w) const {
  const std::size_t n = s_.size();
  for (std::size_t k = 0; k < n; ++k) w[k] = rows_y_[k][i], w[n + k] = theta_ * rows_s_[k][i];
}

std::vector<double> CompactBfgs::transposed(const Tensor& v) const {
  std::vector<double> u;
  for (const Tensor& y : y_) u.push_back(dot(y, v));
  for (const Tensor& s : s_) u.push_back(theta_ * dot(s, v));
  return u;
}

std::vector<double> CompactBfgs::middle(std::span<const double> v) const {
  std::vector<double> u;
  for (std::size_t i = 0; i < v.size(); ++i)
    u.push_back(product(std::span(m_).subspan(i * v.size(), v.size()), v));
  return u;
}

std::vector<double> solved_small(std::vector<double> a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t best = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i * n + k]) > std::abs(a[best * n + k])) best = i;
    if (!(std::abs(a[best * n + k]) > 0) || !std::isfinite(a[best * n + k])) return {};
    for (std::size_t j = 0; j < n; ++j) std::swap(a[k * n + j], a[best * n + j]);
    std::swap(b[k], b[best]);
    for (std::size_t i = k + 1; i < n; ++i) {
      const double share = a[i * n + k] / a[k * n + k];
      for (std::size_t j = k; j < n; ++j) a[i * n + j] -= share * a[k * n + j];
      b[i] -= share * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k * n + j] * b[j];
    b[k] /= a[k * n + k];
  }
  return b;
}

double product(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace xgrad::optim::detail
