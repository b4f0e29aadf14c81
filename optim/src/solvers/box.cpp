#include "solvers/box.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "flat.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim::detail {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using Numbers = std::span<const double>;

/// The generalized Cauchy point: the first minimum of the model along the projected gradient.
struct CauchyPoint {
  std::vector<double> x;
  std::vector<double> c;  ///< W^T (x - start)
};

CauchyPoint cauchy_point(const CompactBfgs& b, const Box& box, Numbers x, const Tensor& gradient) {
  const Numbers g = gradient.data<double>(), low = box.lower.data<double>(), high = box.upper.data<double>();
  const std::size_t n = x.size();
  std::vector<double> t(n), d(n);
  std::vector<std::size_t> breaks;
  Tensor direction = empty_like(gradient);
  for (std::size_t i = 0; i < n; ++i) {
    t[i] = g[i] < 0 ? (x[i] - high[i]) / g[i] : g[i] > 0 ? (x[i] - low[i]) / g[i] : infinity;
    d[i] = t[i] > 0 ? -g[i] : 0;
    if (t[i] > 0 && t[i] < infinity) breaks.push_back(i);
  }
  std::ranges::copy(d, direction.mutable_data<double>().begin());
  std::ranges::sort(breaks, {}, [&](std::size_t i) { return t[i]; });

  CauchyPoint point{{x.begin(), x.end()}, std::vector<double>(b.width(), 0)};
  std::vector<double> p = b.transposed(direction), w(b.width());
  double slope = -dot(direction, direction), bend = -b.theta() * slope - product(p, b.middle(p));
  const double least_bend = std::numeric_limits<double>::epsilon() * -b.theta() * slope;
  double at = 0, best = slope < 0 ? -slope / std::max(bend, least_bend) : 0;
  for (const std::size_t i : breaks) {
    const double gap = t[i] - at;
    if (best < gap) break;
    point.x[i] = d[i] > 0 ? high[i] : low[i];
    const double z = point.x[i] - x[i];
    for (std::size_t k = 0; k < p.size(); ++k) point.c[k] += gap * p[k];
    b.row(i, w);
    const std::vector<double> mw = b.middle(w);
    slope += gap * bend + g[i] * g[i] + b.theta() * g[i] * z - g[i] * product(mw, point.c);
    bend -= g[i] * (b.theta() * g[i] + 2 * product(mw, p) + g[i] * product(mw, w));
    for (std::size_t k = 0; k < p.size(); ++k) p[k] += g[i] * w[k];
    d[i] = 0, at = t[i];
    best = slope < 0 ? -slope / std::max(bend, least_bend) : 0;
  }
  if (!std::isfinite(best)) best = 0;
  for (std::size_t i = 0; i < n; ++i)
    if (d[i] != 0) point.x[i] = std::clamp(x[i] + (at + best) * d[i], low[i], high[i]);
  for (std::size_t k = 0; k < p.size(); ++k) point.c[k] += best * p[k];
  return point;
}

/// Moves the elements of a Cauchy point that no bound holds to the model's minimum over them, or as far
/// towards it as the box allows: the direct primal method.
void minimize_free(const CompactBfgs& b, const Box& box, Numbers x, Numbers g, CauchyPoint& point) {
  const Numbers low = box.lower.data<double>(), high = box.upper.data<double>();
  const std::size_t width = b.width();
  const double theta = b.theta();
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (point.x[i] > low[i] && point.x[i] < high[i]) free.push_back(i);
  if (free.empty() || width == 0) return;

  const std::vector<double> mc = b.middle(point.c);
  std::vector<double> r(free.size()), w(width), wr(width, 0), ww(width * width, 0);
  for (std::size_t f = 0; f < free.size(); ++f) {
    const std::size_t i = free[f];
    b.row(i, w);
    r[f] = g[i] + theta * (point.x[i] - x[i]) - product(w, mc);
    for (std::size_t k = 0; k < width; ++k) {
      wr[k] += w[k] * r[f];
      for (std::size_t l = 0; l <= k; ++l) ww[k * width + l] += w[k] * w[l];
    }
  }
  std::vector<double> a(width * width);
  for (std::size_t l = 0; l < width; ++l) {
    std::vector<double> column(width);
    for (std::size_t k = 0; k < width; ++k) column[k] = ww[std::max(k, l) * width + std::min(k, l)] / theta;
    const std::vector<double> m = b.middle(column);
    for (std::size_t k = 0; k < width; ++k) a[k * width + l] = (k == l ? 1 : 0) - m[k];
  }
  const std::vector<double> v = solved_small(a, b.middle(wr));
  if (v.empty()) return;
  double share = 1;
  for (std::size_t f = 0; f < free.size(); ++f) {
    const std::size_t i = free[f];
    b.row(i, w);
    r[f] = -(r[f] + product(w, v) / theta) / theta;
    const double room = r[f] > 0 ? high[i] - point.x[i] : low[i] - point.x[i];
    if (r[f] != 0) share = std::min(share, room / r[f]);
  }
  for (std::size_t f = 0; f < free.size(); ++f)
    point.x[free[f]] = std::clamp(point.x[free[f]] + share * r[f], low[free[f]], high[free[f]]);
}

}  // namespace

Tensor Box::moved(const Tensor& x, double t, const Tensor& d) const {
  Tensor y = mixed(1, x, t, d);
  const std::span<double> v = y.mutable_data<double>();
  const Numbers low = lower.data<double>(), high = upper.data<double>();
  for (std::size_t i = 0; i < v.size(); ++i)
    if (!std::isnan(v[i])) v[i] = std::clamp(v[i], low[i], high[i]);
  return y;
}

double Box::largest_free(const Tensor& x, const Tensor& g) const {
  const Numbers v = x.data<double>(), slope = g.data<double>(), low = lower.data<double>(),
                high = upper.data<double>();
  double most = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const double step = slope[i] > 0 ? std::min(slope[i], v[i] - low[i]) : std::max(slope[i], v[i] - high[i]);
    if (std::isnan(slope[i])) return slope[i];
    most = std::max(most, std::abs(step));
  }
  return most;
}

double Box::reach(const Tensor& x, const Tensor& d) const {
  const Numbers v = x.data<double>(), step = d.data<double>(), low = lower.data<double>(),
                high = upper.data<double>();
  double most = infinity;
  for (std::size_t i = 0; i < v.size(); ++i)
    if (step[i] != 0) most = std::min(most, ((step[i] > 0 ? high[i] : low[i]) - v[i]) / step[i]);
  return most;
}

Tensor Box::direction(CompactBfgs& b, const Tensor& x, const Tensor& g) const {
  const Tensor whole = mixed(-1, b.solved(g), 0, g);
  if (reach(x, whole) >= 1) return whole;  // the model's minimum lies in the box
  b.prepare();
  const Numbers from = x.data<double>();
  CauchyPoint point = cauchy_point(b, *this, from, g);
  minimize_free(b, *this, from, g.data<double>(), point);
  Tensor d = empty_like(x);
  const std::span<double> out = d.mutable_data<double>();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = point.x[i] - from[i];
  return d;
}

}  // namespace xgrad::optim::detail
