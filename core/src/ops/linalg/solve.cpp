#include <algorithm>

#include "autodiff/fields.hpp"
#include "kernels/blas/blas.hpp"
#include "kernels/blas/lapack.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/transpose.hpp"
#include "ops/linalg/matrices.hpp"
#include "ops/linalg/triangular.hpp"
#include "ops/support/layout.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/tangents.hpp"
#include "xgrad/core/broadcast.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

Tensor inverse(const Tensor& a) {
  static constexpr Op op = {.name = "inverse",
                            .vjp = {{{keep::y,
                                      [](Grad g, Fn f) {  // -y^T g y^T
                                        return -gemm(gemm(f.y(), g, true, false), f.y(), false, true);
                                      }}}},
                            .again = [](Call c) { return inverse(c.x(0)); },
                            .jvp = [](Fn f) { return -matmul(matmul(f.y(), f.t(0)), f.y()); }};
  check_square("inverse", a, "; pinv takes any matrix");
  const MatrixSizes sizes(a);
  Tensor y = repeated(a, a.shape());
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    std::vector<int> pivots;
    for (std::int64_t i = 0; i < sizes.count; ++i) {
      T* p = ptr<T>(y) + i * sizes.elements;
      if (lu_factor(sizes.rows, p, pivots) != 0) fail_singular("inverse", a, i);
      lu_inverse(sizes.rows, p, pivots);
    }
  });
  return record(op, {a}, std::move(y));
}

namespace {

/// Both operands in one floating dtype.
std::pair<Tensor, Tensor> promote_floating(const char* op, const Tensor& a, const Tensor& b) {
  const auto [p, q] = promote(op, a, b);
  return {as_floating(p), as_floating(q)};
}

bool is_ready(const Tensor& a, const Tensor& b, const char* op = __builtin_FUNCTION()) {
  return is_floating(a.dtype(op)) && a.dtype() == b.dtype(op);
}

/// Throws unless a x = b, or x a = b, can be asked for.
void check_system(const char* op, const Tensor& a, const Tensor& b, bool left) {
  check_square(op, a, "; lstsq takes any matrix");
  if (b.dim(op) < 2) fail(op, "b must be a matrix or a batch of matrices: " + operands(a, b));
  if (b.size(left ? -2 : -1) != a.size(-1))
    fail(op, std::string("b must have as many ") + (left ? "rows" : "columns") + " as a: " + operands(a, b));
}

struct System {
  bool transposed, left;
  void fields(auto&& field) const { field("transpose", transposed), field("left", left); }
};

/// The x with op(a) x = b, or x op(a) = b.
Tensor solve_value(const Tensor& a, const Tensor& b, System s) {
  const std::int64_t n = a.size(-1), k = b.size(s.left ? -1 : -2);
  const Shape batch_a = batch_of(a.shape()), batch_b = batch_of(b.shape());
  const Shape batch = broadcast_batches("solve", a, b);
  Tensor x = new_tensor(matrix_shape(batch, b.size(-2), b.size(-1)), a.dtype());
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    std::vector<T> lu(static_cast<std::size_t>(n * n)), turned(static_cast<std::size_t>(n * k));
    std::vector<int> pivots;
    std::int64_t factored = -1;
    const auto solve_one = [&](std::int64_t i, const T* right, T* out) {
      if (i != factored) {
        std::copy_n(ptr<T>(a) + i * n * n, n * n, lu.begin());
        if (lu_factor(n, lu.data(), pivots) != 0) fail_singular("solve", a, i);
        factored = i;
      }
      if (s.left) {
        transpose_plane(turned.data(), n, right, k, k, n);
        lu_solve(n, k, lu.data(), pivots, s.transposed, turned.data());
        transpose_plane(out, k, turned.data(), n, n, k);
      } else {  // rows of b: op(a)^T x^T = b^T
        std::copy_n(right, n * k, out);
        lu_solve(n, k, lu.data(), pivots, !s.transposed, out);
      }
    };
    const Walker<2> walk(batch, {&batch_a, &batch_b});
    walk.each_inner([&](std::int64_t at, const auto& from) {
      for (std::int64_t l = 0; l < walk.size[0]; ++l)
        solve_one(from[0] + l * walk.stride[0][0], ptr<T>(b) + (from[1] + l * walk.stride[1][0]) * n * k,
                  ptr<T>(x) + (at + l) * n * k);
    });
  });
  return x;
}

Tensor solve_system(const Tensor& a, const Tensor& b, System s) {
  // db solves the transposed system; d op(a) = -db x^T, or -x^T db.
  static constexpr Op op = {
      .name = "solve",
      .joint = {keep::x(0) | keep::y,
                [](std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
                  const auto [t, left] = f.attributes<System>();
                  const Tensor db = solve_system(f.x(0), g[0], {!t, left});
                  if (f.wants(0)) {
                    const Tensor x = f.y();
                    dx[0] = -(t == left ? gemm(x, db, !left, left) : gemm(db, x, !left, left));
                  }
                  dx[1] = db;
                }},
      .fields = &fields_of<System>,
      .again = [](Call c) { return solve_system(c.x(0), c.x(1), c.attributes<System>()); },
      .jvp = [](Fn f) {  // from op(a) x = b: op(a) dx = db - op(da) x
        const auto [t, left] = f.attributes<System>();
        Tensor right = f.t(1);
        if (f.t(0).defined())
          add_part(right, -(left ? gemm(f.t(0), f.y(), t, false) : gemm(f.y(), f.t(0), false, t)));
        return solve_system(f.x(0), right, {t, left});
      }};
  return record(op, {a, b}, solve_value(a, b, s), s);
}

}  // namespace

Tensor solve(const Tensor& a, const Tensor& b, bool left) {
  if (!is_ready(a, b)) {
    const auto [p, q] = promote_floating("solve", a, b);
    return solve(p, q, left);
  }
  if (left && is_vectors(a, b)) {
    check_square("solve", a, "; lstsq takes any matrix");
    if (b.size(-1) != a.size(-1)) fail("solve", "b must be as long as a has rows: " + operands(a, b));
    return squeeze(solve(a, unsqueeze(b, -1)), -1);
  }
  check_system("solve", a, b, left);
  return solve_system(a, b, {false, left});
}

// Triangular systems ----------------------------------------------------------------------------------------

namespace {

Tensor triangular_value(const char* op, const Tensor& a, const Tensor& b, Triangle s) {
  const std::int64_t m = b.size(-2), n = b.size(-1), rows = a.size(-1);
  const Shape batch_a = batch_of(a.shape(op)), batch = broadcast_batches(op, a, b);
  Tensor x = repeated(b, matrix_shape(batch, m, n));
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < a.numel() && !s.unit; i += rows * rows)
      for (std::int64_t k = 0; k < rows; ++k)
        if (ptr<T>(a)[i + k * (rows + 1)] == 0)
          fail(op, matrix_name(a, i / (rows * rows)) + " is singular, with a 0 in row " + std::to_string(k) +
                       " of its diagonal: a is " + a.describe() + "; use pinv or lstsq");
    const Walker<1> walk(batch, {&batch_a});
    walk.each_inner([&](std::int64_t at, const auto& from) {
      for (std::int64_t l = 0; l < walk.size[0]; ++l)
        solve_triangle(s, m, n, ptr<T>(a) + (from[0] + l * walk.stride[0][0]) * rows * rows,
                       ptr<T>(x) + (at + l) * m * n);
    });
  });
  return x;
}

struct TriangularSystem {
  const char* name;
  Triangle s;
  void fields(auto&& field) const {
    field("upper", s.upper), field("transpose", s.transposed), field("left", s.left);
    field("unitriangular", s.unit);
  }
};

}  // namespace

Tensor detail::solve_triangle_as(const char* name, const Tensor& a, const Tensor& b, Triangle s) {
  static constexpr Op op = {
      .name = "solve_triangular",
      .joint =
          {keep::x(0) | keep::y,
           [](std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
             const auto [as, t] = f.attributes<TriangularSystem>();
             const Tensor db = solve_triangle_as(as, f.x(0), g[0], {t.upper, !t.transposed, t.left, t.unit});
             if (f.wants(0)) {
               const Tensor x = f.y();
               const Tensor da =
                   t.transposed == t.left ? gemm(x, db, !t.left, t.left) : gemm(db, x, !t.left, t.left);
               dx[0] = -triangle(da, t.upper, t.unit);
             }
             dx[1] = db;
           }},
      .fields = &fields_of<TriangularSystem>,
      .again =
          [](Call c) {
            const auto [as, t] = c.attributes<TriangularSystem>();
            return solve_triangle_as(as, c.x(0), c.x(1), t);
          },
      .jvp =
          [](Fn f) {
            const auto [as, t] = f.attributes<TriangularSystem>();
            Tensor right = f.t(1);
            if (f.t(0).defined()) {
              const Tensor da = triangle(f.t(0), t.upper, t.unit);
              add_part(right, -(t.left ? gemm(da, f.y(), t.transposed, false)
                                       : gemm(f.y(), da, false, t.transposed)));
            }
            return solve_triangle_as(as, f.x(0), right, t);
          }};
  return record(op, {a, b}, triangular_value(name, a, b, s), TriangularSystem{name, s});
}

Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool left, bool unitriangular) {
  if (!is_ready(a, b)) {
    const auto [p, q] = promote_floating("solve_triangular", a, b);
    return solve_triangular(p, q, upper, left, unitriangular);
  }
  if (left && is_vectors(a, b)) {
    check_square("solve_triangular", a, "; lstsq takes any matrix");
    if (b.size(-1) != a.size(-1))
      fail("solve_triangular", "b must be as long as a has rows: " + operands(a, b));
    return squeeze(solve_triangular(a, unsqueeze(b, -1), upper, left, unitriangular), -1);
  }
  check_system("solve_triangular", a, b, left);
  return solve_triangle_as("solve_triangular", a, b, {upper, false, left, unitriangular});
}

Tensor triangular_solve(const Tensor& b, const Tensor& a, bool upper, bool transpose, bool unitriangular) {
  if (!is_ready(a, b)) {
    const auto [p, q] = promote_floating("triangular_solve", a, b);
    return triangular_solve(q, p, upper, transpose, unitriangular);
  }
  check_system("triangular_solve", a, b, true);
  return solve_triangle_as("triangular_solve", a, b, {upper, transpose, true, unitriangular});
}

// Cholesky --------------------------------------------------------------------------------------------------

Tensor cholesky(const Tensor& a, bool upper) {
  // With m = the lower triangle of l^T g, made symmetric: da = l^-T m l^-1 / 2.
  static constexpr Op op = {
      .name = "cholesky",
      .vjp = {{{keep::y,
                [](Grad g, Fn f) {
                  const Tensor l = f.y(), p = gemm(l, g, true, false);
                  const Tensor m = triangle(p, false) + matrix_transpose(triangle(p, false, true));
                  const Tensor half =
                      solve_triangle_as("cholesky", l, m / 2,
                                        {.upper = false, .transposed = true, .left = true, .unit = false});
                  return solve_triangle_as(
                      "cholesky", l, half,
                      {.upper = false, .transposed = false, .left = false, .unit = false});
                }}}},
      .again = [](Call c) { return cholesky(c.x(0)); },
      .jvp = [](Fn f) {  // l times the lower triangle of l^-1 da l^-T with half of its diagonal
        const Tensor l = f.y(), da = (f.t(0) + matrix_transpose(f.t(0))) / 2;
        const Tensor p = solve_triangle_as(
            "cholesky", l, da, {.upper = false, .transposed = false, .left = true, .unit = false});
        const Tensor q = solve_triangle_as(
            "cholesky", l, p, {.upper = false, .transposed = true, .left = false, .unit = false});
        return matmul(l, (triangle(q, false) + triangle(q, false, true)) / 2);
      }};
  check_square("cholesky", a);
  if (upper) return matrix_transpose(cholesky(a));
  const MatrixSizes sizes(a);
  Tensor l = symmetric_part(a);
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < sizes.count; ++i)
      if (const int order = cholesky_factor(sizes.rows, ptr<T>(l) + i * sizes.elements); order != 0)
        fail("cholesky", matrix_name(a, i) + " is not positive definite, its leading minor of order " +
                             std::to_string(order) + " is not positive: a is " + a.describe() +
                             "; add a small multiple of the identity, or use eigh");
  });
  return record(op, {a}, std::move(l));
}

}  // namespace xgrad
