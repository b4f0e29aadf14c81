#include <array>
#include <cmath>
#include <limits>

#include "autodiff/fields.hpp"
#include "kernels/loops/dispatch.hpp"
#include "ops/linalg/matrices.hpp"
#include "ops/linalg/spectral.hpp"
#include "ops/support/promote.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/unary.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// The singular values of a, the reciprocals of those that count (0 for the others), and how many these are.
struct Reciprocals {
  SVD svd;
  Tensor inverse, rank;
};

Reciprocals reciprocals(const char* op, const Tensor& a, double rcond) {
  Reciprocals r{svd_values(op, a, false), {}, {}};
  const std::int64_t m = a.size(-2), n = a.size(-1), k = r.svd.s.size(-1), count = MatrixSizes(a).count;
  r.inverse = new_like(r.svd.s);
  r.rank = new_tensor(batch_of(a.shape(op)), int64);
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const double relative = rcond >= 0 ? rcond
                                       : static_cast<double>(std::max(m, n)) *
                                             static_cast<double>(std::numeric_limits<T>::epsilon());
    for (std::int64_t i = 0; i < count; ++i) {
      const T* s = ptr<T>(r.svd.s) + i * k;
      std::int64_t rank = 0;
      while (rank<k&& static_cast<double>(s[rank])> relative * static_cast<double>(s[0])) ++rank;
      for (std::int64_t j = 0; j < k; ++j) ptr<T>(r.inverse)[i * k + j] = j < rank ? 1 / s[j] : T(0);
      ptr<std::int64_t>(r.rank)[i] = rank;
    }
  });
  return r;
}

/// Singular values up to rcond times the largest count as 0; negative for the default.
struct Cutoff {
  double rcond;
  void fields(auto&& field) const { field("rcond", rcond); }
};

Cutoff cutoff(const char* op, std::optional<double> rcond) {
  if (rcond && !(*rcond >= 0))
    fail(op, "rcond must not be negative: it is " + short_text(*rcond) + "; leave it out for the default");
  return {rcond.value_or(-1)};
}

/// dp = -p da p + p p^T da^T (1 - a p) + (1 - p a) da^T p^T p.
Tensor pinv_rule(Grad g, Fn f) {
  const Tensor a = f.x(0), p = f.y();
  const Tensor direct = gemm(gemm(p, g, true, false), p, false, true);
  const Tensor left = gemm(gemm(g, p, true, false), p, false, true);
  const Tensor right = gemm(gemm(p, p, true, false), g, false, true);
  return (left - gemm(a, gemm(p, left, false, false), false, false)) +
         (right - gemm(gemm(right, p, false, false), a, false, false)) - direct;
}

Tensor pinv_above(const Tensor& a, Cutoff above) {
  static constexpr Op op = {.name = "pinv",
                            .vjp = {{{keep::x(0) | keep::y, pinv_rule}}},
                            .fields = &fields_of<Cutoff>,
                            .again = [](Call c) { return pinv_above(c.x(0), c.attributes<Cutoff>()); }};
  check_finite("pinv", a);
  Tensor p;
  {
    const NoGrad guard;
    const Unheard within;
    const Reciprocals r = reciprocals("pinv", a, above.rcond);
    p = gemm(r.svd.vh * unsqueeze(r.inverse, -1), r.svd.u, true, true);
  }
  return record(op, {a}, std::move(p), above);
}

}  // namespace

Tensor pinv(const Tensor& a, std::optional<double> rcond) {
  check_matrices("pinv", a);
  return pinv_above(a, cutoff("pinv", rcond));
}

// Least squares ---------------------------------------------------------------------------------------------

namespace {

/// With p = pinv(a) and z = p^T g: db = z, da = -z x^T + (b - a x) (p z)^T + p^T x (g - a^T z)^T.
void lstsq_rule(std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
  const Tensor a = f.x(0), x = f.y();
  const Tensor p = pinv_above(a, f.attributes<Cutoff>()), z = gemm(p, g[0], true, false);
  dx[1] = z;
  if (!f.wants(0)) return;
  const Tensor rest = f.x(1) - gemm(a, x, false, false), pz = gemm(p, z, false, false);
  const Tensor outside = g[0] - gemm(a, z, true, false), px = gemm(p, x, true, false);
  dx[0] = gemm(rest, pz, false, true) + gemm(px, outside, false, true) - gemm(z, x, false, true);
}

/// The solution, the rank and the singular values of systems that were checked.
std::array<Tensor, 3> least_squares(const Tensor& a, const Tensor& b, Cutoff above) {
  static constexpr Op op = {.name = "lstsq",
                            .joint = {keep::x(0) | keep::x(1) | keep::y, lstsq_rule},
                            .fields = &fields_of<Cutoff>,
                            .again_all = [](Call c) {
                              const auto y = least_squares(c.x(0), c.x(1), c.attributes<Cutoff>());
                              return std::vector<Tensor>(y.begin(), y.end());
                            }};
  check_finite("lstsq", a);
  std::array<Tensor, 3> y;
  {
    const NoGrad guard;
    const Unheard within;
    broadcast_batches("lstsq", a, b);
    const Reciprocals r = reciprocals("lstsq", a, above.rcond);
    y = {gemm(r.svd.vh, gemm(r.svd.u, b, true, false) * unsqueeze(r.inverse, -1), true, false), r.rank,
         r.svd.s};
  }
  record_one(op, {a, b}, y, 0, above);
  return y;
}

bool full_rank(const Tensor& rank, std::int64_t n) {
  for (std::int64_t r : rank.data<std::int64_t>())
    if (r != n) return false;
  return true;
}

}  // namespace

LeastSquares lstsq(const Tensor& a, const Tensor& b, std::optional<double> rcond) {
  if (a.dtype() != b.dtype() || !is_floating(a.dtype())) {
    const auto [p, q] = promote("lstsq", a, b);
    return lstsq(as_floating(p), as_floating(q), rcond);
  }
  check_matrices("lstsq", a);
  const bool vectors = is_vectors(a, b);
  const std::int64_t m = a.size(-2), n = a.size(-1);
  if (b.dim() < 1 || b.size(vectors ? -1 : -2) != m)
    fail("lstsq", "b must have as many rows as a: " + operands(a, b));
  if (vectors) {
    LeastSquares y = lstsq(a, unsqueeze(b, -1), rcond);
    y.solution = squeeze(y.solution, -1);
    if (y.residuals.dim() > 1 || y.residuals.numel() > 0) y.residuals = squeeze(y.residuals, -1);
    return y;
  }
  const auto [solution, rank, values] = least_squares(a, b, cutoff("lstsq", rcond));
  LeastSquares y{solution, {}, rank, values};
  y.residuals = m > n && full_rank(y.rank, n) ? sum(square(gemm(a, y.solution, false, false) - b), -2)
                                              : zeros({0}, {.dtype = a.dtype()});
  return y;
}

}  // namespace xgrad
