#include "autodiff/fields.hpp"
#include "kernels/blas/lapack.hpp"
#include "kernels/loops/dispatch.hpp"
#include "ops/linalg/matrices.hpp"
#include "ops/linalg/triangular.hpp"
#include "ops/support/layout.hpp"
#include "ops/support/promote.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// For a square r: da = (gq + q copyltu(r gr^T - gq^T q)) r^-T, where copyltu mirrors the lower triangle.
Tensor square_qr_rule(const Tensor& gq, const Tensor& gr, const Tensor& q, const Tensor& r) {
  Tensor m;
  if (gr.defined()) m = gemm(r, triangle(gr, true), false, true);
  if (gq.defined()) {
    const Tensor inner = gemm(gq, q, true, false);
    m = m.defined() ? m - inner : -inner;
  }
  Tensor w = gemm(q, triangle(m, false) + matrix_transpose(triangle(m, false, true)), false, false);
  if (gq.defined()) w = w + gq;
  return solve_triangle_as("qr", r, w, {.upper = true, .transposed = true, .left = false, .unit = false});
}

void qr_rule(std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
  const Shape& shape = f.shape(0);
  const std::int64_t m = shape[shape.rank() - 2], n = shape.back();
  const Tensor q = f.output(0), r = f.output(1);
  if (q.size(-1) > n)
    fail("qr", "mode \"complete\" has no gradient where there are more rows than columns: a is " +
                   std::string(name_of(f.dtype(0))) + shape.str() + "; use mode \"reduced\"");
  if (m >= n) {
    dx[0] = square_qr_rule(g[0], g[1], q, r);
    return;
  }
  // a = [x y], r = [u v]: x = q u, and v = q^T y.
  const Tensor u = narrow(r, -1, 0, m), v = narrow(r, -1, m, n - m);
  Tensor gq = g[0], gu, dy;
  if (g[1].defined()) {
    const Tensor gv = narrow(g[1], -1, m, n - m);
    gu = narrow(g[1], -1, 0, m);
    dy = gemm(q, gv, false, false);
    const Tensor more = gemm(gemm(q, v, false, false), gv, false, true);
    gq = gq.defined() ? gq + more : more;
  } else {
    dy = zeros_of(v.shape(), v.dtype());
  }
  dx[0] = cat({square_qr_rule(gq, gu, q, u), dy}, -1);
}

struct Mode {
  bool complete;
  const char* name() const { return complete ? "complete" : "reduced"; }
  void fields(auto&& field) const { field("mode", std::string(name())); }
};

}  // namespace

QR qr(const Tensor& a, std::string_view mode) {
  static constexpr Op op = {
      .name = "qr", .joint = {keep::y, qr_rule}, .fields = &fields_of<Mode>, .again_all = [](Call c) {
        const auto [q, r] = qr(c.x(0), c.attributes<Mode>().name());
        return std::vector<Tensor>{q, r};
      }};
  check_matrices("qr", a);
  if (mode != "reduced" && mode != "complete")
    fail("qr", "the mode must be \"reduced\" or \"complete\": it is \"" + std::string(mode) + "\"");
  const MatrixSizes sizes(a);
  const Shape batch = batch_of(a.shape());
  const std::int64_t m = sizes.rows, n = sizes.columns, p = mode == "complete" ? m : std::min(m, n);
  Tensor y[] = {new_tensor(matrix_shape(batch, m, p), a.dtype()),
                new_tensor(matrix_shape(batch, p, n), a.dtype())};
  const Tensor scratch = repeated(a, a.shape());
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < sizes.count; ++i)
      qr_factor(m, n, mode == "complete", ptr<T>(scratch) + i * m * n, ptr<T>(y[0]) + i * m * p,
                ptr<T>(y[1]) + i * p * n);
  });
  record_outputs(op, std::initializer_list<Ref>{a}, y, Mode{mode == "complete"});
  return {y[0], y[1]};
}

}  // namespace xgrad
