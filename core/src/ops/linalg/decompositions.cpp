#include "autodiff/fields.hpp"
#include "kernels/blas/lapack.hpp"
#include "kernels/loops/dispatch.hpp"
#include "ops/linalg/matrices.hpp"
#include "ops/linalg/spectral.hpp"
#include "ops/support/layout.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// x[j] - x[i] at [i, j], over the last axis.
Tensor differences(const Tensor& x) { return unsqueeze(x, -2) - unsqueeze(x, -1); }

/// x - x^T.
Tensor antisymmetric(const Tensor& x) { return x - matrix_transpose(x); }

/// Adds to a sum whose terms may all be absent.
void add_term(Tensor& sum, const Tensor& term) { sum = sum.defined() ? sum + term : term; }

/// True when a rule is recorded and what it computes depends on more than constants.
bool differentiated_again(std::span<const Tensor> g, std::size_t values) {
  if (!is_recording()) return false;
  for (std::size_t k = 0; k < g.size(); ++k)
    if (g[k].defined() && (k != values || g[k].requires_grad())) return true;
  return false;
}

}  // namespace

// Symmetric matrices ----------------------------------------------------------------------------------------

namespace {

/// da = v (diag(gw) + (v^T gv - gv^T v) / 2 / (w_j - w_i)) v^T.
void eigh_rule(std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
  const Tensor w = f.output(0);
  const Spectrum spectrum{"eigh", "eigenvalues", w, g[0], w.size(-1)};
  const Tensor v =
      differentiated_again(g, 0) ? once_differentiable(spectrum, f.output(1), false) : f.output(1);
  Tensor rows;
  if (g[0].defined()) add_term(rows, v * unsqueeze(g[0], -2));
  if (g[1].defined()) {
    const Tensor m = gemm(v, g[1], true, false);
    const Tensor inner = divide_by_pairs(spectrum, antisymmetric(m) / 2, differences(w), m);
    add_term(rows, gemm(v, inner, false, false));
  }
  dx[0] = gemm(rows, v, false, true);
}

}  // namespace

Eigh eigh(const Tensor& a) {
  static constexpr Op op = {.name = "eigh", .joint = {keep::y, eigh_rule}, .again_all = [](Call c) {
                              const auto [w, v] = eigh(c.x(0));
                              return std::vector<Tensor>{w, v};
                            }};
  check_square("eigh", a, "; svd takes any matrix");
  check_finite("eigh", a);
  const MatrixSizes sizes(a);
  Shape shape = batch_of(a.shape());
  shape.push_back(sizes.rows);
  Tensor y[] = {new_tensor(shape, a.dtype()), symmetric_part(a)};
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < sizes.count; ++i)
      check_converged(
          "eigh", a, i,
          symmetric_eigen(sizes.rows, ptr<T>(y[1]) + i * sizes.elements, ptr<T>(y[0]) + i * sizes.rows));
  });
  record_outputs(op, std::initializer_list<Ref>{a}, y);
  return {y[0], y[1]};
}

// Any matrices ----------------------------------------------------------------------------------------------

SVD detail::svd_values(const char* op, const Tensor& a, bool full_matrices) {
  const MatrixSizes sizes(a);
  const Shape batch = batch_of(a.shape(op));
  const std::int64_t m = sizes.rows, n = sizes.columns, k = std::min(m, n);
  const std::int64_t p = full_matrices ? m : k, q = full_matrices ? n : k;
  Shape shape = batch;
  shape.push_back(k);
  SVD y{new_tensor(matrix_shape(batch, m, p), a.dtype()), new_tensor(shape, a.dtype()),
        new_tensor(matrix_shape(batch, q, n), a.dtype())};
  const Tensor scratch = repeated(a, a.shape());
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < sizes.count; ++i)
      check_converged(op, a, i,
                      singular_values(m, n, full_matrices, ptr<T>(scratch) + i * m * n, ptr<T>(y.s) + i * k,
                                      ptr<T>(y.u) + i * m * p, ptr<T>(y.vh) + i * q * n));
  });
  return y;
}

namespace {

/// The first k columns of u and rows of vh, and the others, which complete the bases.
struct Bases {
  Tensor u, vh, more_u, more_vh;

  Bases(const Tensor& all_u, const Tensor& all_vh, std::int64_t k) {
    const auto part = [k](const Tensor& x, int axis, Tensor& first, Tensor& rest) {
      if (!x.defined()) return;
      const std::int64_t size = x.size(axis);
      first = size == k ? x : narrow(x, axis, 0, k);
      if (size > k) rest = narrow(x, axis, k, size - k);
    };
    part(all_u, -1, u, more_u);
    part(all_vh, -2, vh, more_vh);
  }
};

/// da = u (diag(gs) + w) vh + what leaves the spans of u and of vh, over s; with p = u^T gu - gu^T u and
/// q = v^T gv - gv^T v, w = ((p + q) / (s_j - s_i) + (p - q) / (s_j + s_i)) / 2.
void svd_rule(std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
  const Tensor s = f.output(1);
  const std::int64_t k = s.size(-1), m = f.shape(0)[f.shape(0).rank() - 2], n = f.shape(0).back();
  const Spectrum spectrum{"svd", "singular values", s, g[1], std::max(m, n)};
  const Tensor u =
      differentiated_again(g, 1) ? once_differentiable(spectrum, f.output(0), m != n) : f.output(0);
  const Bases basis(u, f.output(2), k), grad(g[0], g[2], k);

  Tensor rows, outside;  // da = rows vh + u outside
  Tensor plus, minus, scale;
  if (g[1].defined()) add_term(rows, basis.u * unsqueeze(g[1], -2));
  if (g[0].defined()) {
    const Tensor mu = gemm(basis.u, grad.u, true, false), p = antisymmetric(mu);
    plus = minus = p;
    scale = mu;
    if (m > k) {
      Tensor left = grad.u - gemm(basis.u, mu, false, false);
      if (grad.more_u.defined())
        left = left - gemm(basis.more_u, gemm(grad.more_u, basis.u, true, false), false, false);
      add_term(rows, divide_by_values(spectrum, left, unsqueeze(s, -2), g[0]));
    }
  }
  if (g[2].defined()) {
    const Tensor mv = gemm(basis.vh, grad.vh, false, true), q = antisymmetric(mv);
    plus = plus.defined() ? plus + q : q;
    minus = minus.defined() ? minus - q : -q;
    scale = scale.defined() ? cat({scale, mv}, -1) : mv;
    if (n > k) {
      Tensor right = grad.vh - gemm(mv, basis.vh, true, false);
      if (grad.more_vh.defined())
        right = right - gemm(gemm(basis.vh, grad.more_vh, false, true), basis.more_vh, false, false);
      add_term(outside, divide_by_values(spectrum, right, unsqueeze(s, -1), g[2]));
    }
  }
  if (plus.defined()) {
    const Tensor sums = unsqueeze(s, -2) + unsqueeze(s, -1);
    const Tensor w = (divide_by_pairs(spectrum, plus, differences(s), scale) +
                      divide_by_pairs(spectrum, minus, sums, scale)) /
                     2;
    add_term(rows, gemm(basis.u, w, false, false));
  }
  dx[0] = gemm(rows, basis.vh, false, false);
  if (outside.defined()) dx[0] = dx[0] + gemm(basis.u, outside, false, false);
}

struct Matrices {
  bool full;
  void fields(auto&& field) const { field("full_matrices", full); }
};

}  // namespace

SVD svd(const Tensor& a, bool full_matrices) {
  static constexpr Op op = {
      .name = "svd", .joint = {keep::y, svd_rule}, .fields = &fields_of<Matrices>, .again_all = [](Call c) {
        const auto [u, s, vh] = svd(c.x(0), c.attributes<Matrices>().full);
        return std::vector<Tensor>{u, s, vh};
      }};
  check_matrices("svd", a);
  check_finite("svd", a);
  SVD values = svd_values("svd", a, full_matrices);
  Tensor y[] = {std::move(values.u), std::move(values.s), std::move(values.vh)};
  record_outputs(op, std::initializer_list<Ref>{a}, y, Matrices{full_matrices});
  return {y[0], y[1], y[2]};
}

}  // namespace xgrad
