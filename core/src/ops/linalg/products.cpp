#include "xgrad/core/ops/linalg.hpp"

#include <algorithm>

#include "autodiff/fields.hpp"
#include "kernels/blas/blas.hpp"
#include "kernels/loops/work.hpp"
#include "kernels/loops/wrap.hpp"
#include "ops/linalg/matrices.hpp"
#include "ops/linalg/products.hpp"
#include "ops/support/elementwise.hpp"
#include "ops/support/promote.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

struct Transposed {
  bool a, b;
  void fields(auto&& field) const { field("transpose_a", a), field("transpose_b", b); }
};

constexpr Kernel batched_gemm_kernel = {.name = "batched_gemm"}, outer_kernel = {.name = "outer"};

/// Of batches, which are checked and broadcast.
Tensor batches_of_products(const char* op, const Tensor& a, const Tensor& b, Transposed t, std::int64_t m,
                           std::int64_t n, std::int64_t k) {
  const Shape batch_a = batch_of(a.shape()), batch_b = batch_of(b.shape()),
              batch = broadcast_batches(op, a, b);
  const Shape shape = matrix_shape(batch, m, n);
  check_product(op, shape);
  Tensor c = new_tensor(shape, a.dtype());
  if (c.numel() == 0) return c;  // of however many matrices
  visit_number(a.dtype(), [&](auto tag) {
    using T = type_of<decltype(tag)>;
    const Walker<2> walk(batch, {&batch_a, &batch_b});
    const auto run = [&](std::int64_t at, const auto& x, std::int64_t count) {
      for (std::int64_t l = 0; l < count; ++l)
        gemm(t.a, t.b, m, n, k, ptr<T>(a) + (x[0] + l * walk.stride[0][0]) * m * k,
             ptr<T>(b) + (x[1] + l * walk.stride[1][0]) * k * n, false, ptr<T>(c) + (at + l) * m * n);
    };
    const std::int64_t count = walk.numel(),
                       each = std::max<std::int64_t>(large_product / sum_of(product_of(m, n, k), 1), 1);
    if (count > each)
      launch(batched_gemm_kernel,
             {.bytes = count * (m * k + k * n + m * n) * bytes_of<T>, .flops = 2 * count * m * n * k}, count,
             each, [&](std::int64_t first, std::int64_t last) { walk.each_run(first, last, run); });
    else
      walk.each_inner([&](std::int64_t at, const auto& x) { run(at, x, walk.size[0]); });
  });
  return c;
}

/// The products of all pairs of matrices.
Tensor products(const char* op, const Tensor& a, const Tensor& b, Transposed t) {
  const Shape &p = a.shape(op), &q = b.shape(op);
  const int i = p.rank() - 2, j = q.rank() - 2;
  const std::int64_t m = p[i + t.a], k = p[i + !t.a], n = q[j + !t.b];
  if (k != q[j + t.b])
    fail(op, "inner sizes differ: " + operands(a, b) + (t.a ? ", a transposed" : "") +
                 (t.b ? ", b transposed" : "") + inner_rule);
  if (i > 0 || j > 0) return batches_of_products(op, a, b, t, m, n, k);
  const Shape shape = {m, n};
  check_product(op, shape);
  Tensor c = new_tensor(shape, a.dtype());
  visit_number(a.dtype(), [&](auto tag) {
    using T = type_of<decltype(tag)>;
    gemm(t.a, t.b, m, n, k, ptr<T>(a), ptr<T>(b), false, ptr<T>(c));
  });
  return c;
}

}  // namespace

Tensor detail::gemm_as(const char* name, const Tensor& a, const Tensor& b, bool transpose_a,
                       bool transpose_b) {
  // C = op(A) op(B): dop(A) = G op(B)^T, dop(B) = op(A)^T G, each written so that no transposed copy is made.
  static constexpr Op op = {
      .name = "matmul",
      .vjp = {{product_rule<[](Grad g, Fn f) {
                 const auto [ta, tb] = f.attributes<Transposed>();
                 return ta ? Factors{f.x(1), g, tb, true} : Factors{g, f.x(1), false, !tb};
               }>(keep::x(1)),
               product_rule<[](Grad g, Fn f) {
                 const auto [ta, tb] = f.attributes<Transposed>();
                 return tb ? Factors{g, f.x(0), true, ta} : Factors{f.x(0), g, !ta, false};
               }>(keep::x(0))}},
      .fields = &fields_of<Transposed>,
      .again =
          [](Call c) {
            const auto [ta, tb] = c.attributes<Transposed>();
            return gemm_as("matmul", c.x(0), c.x(1), ta, tb);
          },
      .jvp = Jvp::By::bilinear};
  if (differ(a, b, name)) {
    const auto [p, q] = promote(name, a, b);
    return gemm_as(name, p, q, transpose_a, transpose_b);
  }
  if (a.dim() < 2 || b.dim() < 2) fail(name, "needs matrices: " + operands(a, b));
  const Transposed t{transpose_a, transpose_b};
  return record(op, {a, b}, products(name, a, b, t), t);
}

Tensor detail::product_added_to(const Tensor& sum, const Factors& f) {
  const Tensor &a = f.a, &b = f.b;
  // Where a pass over the result costs as much as some of the product, and where BLAS adds each element's
  // products up before it adds them to the sum: then the bits are those of two steps.
  constexpr std::int64_t most_added = 128;
  const bool adds = a.dim() == 2 && b.dim() == 2 && a.size(f.transpose_a ? 0 : 1) <= most_added;
  if (!adds || std::min(sum.size(0), sum.size(1)) == 1) return gemm(a, b, f.transpose_a, f.transpose_b);
  ++sum.node()->buffer->version;
  visit_floating(sum.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    gemm(f.transpose_a, f.transpose_b, sum.size(0), sum.size(1), f.a.size(f.transpose_a ? 0 : 1), ptr<T>(f.a),
         ptr<T>(f.b), true, ptr<T>(sum));
  });
  return sum;
}

Tensor gemm(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  return gemm_as("gemm", a, b, transpose_a, transpose_b);
}

// Products with vectors: their rules are each other, so no vector is ever made a matrix
// -----------------------

namespace {

Tensor matvec(const char* name, const Tensor& a, const Tensor& x, bool transpose);
Tensor dot_as(const char* name, const Tensor& a, const Tensor& b);

[[noreturn]] void fail_inner(const char* op, const Tensor& a, const Tensor& b) {
  fail(op, "inner sizes differ: " + operands(a, b) +
               (a.dim() == 1 && b.dim() == 1 ? "; vectors need one size" : inner_rule));
}

/// op(a) x.
Tensor matvec_value(const Tensor& a, const Tensor& x, bool transpose) {
  const std::int64_t rows = a.size(0), columns = a.size(1);
  const std::int64_t m = transpose ? columns : rows, k = transpose ? rows : columns;
  Tensor y = new_tensor({m}, a.dtype());
  visit_number(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    gemm(transpose, false, m, 1, k, ptr<T>(a), ptr<T>(x), false, ptr<T>(y));
  });
  return y;
}

struct Turned {
  bool transpose;
  void fields(auto&& field) const { field("transpose", transpose); }
};

Tensor matvec(const char* name, const Tensor& a, const Tensor& x, bool transpose) {
  static constexpr Op op = {
      .name = "mv",
      .vjp = {{{keep::x(1),
                [](Grad g, Fn f) {
                  return f.attributes<Turned>().transpose ? outer(f.x(1), g) : outer(g, f.x(1));
                }},
               {keep::x(0),
                [](Grad g, Fn f) { return matvec("mv", f.x(0), g, !f.attributes<Turned>().transpose); }}}},
      .fields = &fields_of<Turned>,
      .again = [](Call c) { return matvec("mv", c.x(0), c.x(1), c.attributes<Turned>().transpose); },
      .jvp = Jvp::By::bilinear};
  if (differ(a, x)) {
    const auto [p, q] = promote(name, a, x);
    return matvec(name, p, q, transpose);
  }
  if (a.size(transpose ? 0 : 1) != x.size(0)) transpose ? fail_inner(name, x, a) : fail_inner(name, a, x);
  return record(op, {a, x}, matvec_value(a, x, transpose), Turned{transpose});
}

Tensor dot_as(const char* name, const Tensor& a, const Tensor& b) {
  static constexpr Op op = {.name = "dot",
                            .vjp = {{{keep::x(1), [](Grad g, Fn f) { return g * f.x(1); }},    // da
                                     {keep::x(0), [](Grad g, Fn f) { return g * f.x(0); }}}},  // db
                            .again = [](Call c) { return dot_as("dot", c.x(0), c.x(1)); },
                            .jvp = Jvp::By::bilinear};
  if (differ(a, b)) {
    const auto [p, q] = promote(name, a, b);
    return dot_as(name, p, q);
  }
  if (a.size(0) != b.size(0)) fail_inner(name, a, b);
  Tensor y = new_tensor({}, a.dtype());
  visit_number(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    gemm(false, false, 1, 1, a.size(0), ptr<T>(a), ptr<T>(b), false, ptr<T>(y));
  });
  return record(op, {a, b}, std::move(y));
}

}  // namespace

Tensor mv(const Tensor& a, const Tensor& x) {
  if (a.dim() != 2 || x.dim() != 1)
    fail("mv", "needs a matrix and a vector: a is " + a.describe() + ", x is " + x.describe() +
                   "; matmul takes other ranks");
  return matvec("mv", a, x, false);
}

Tensor dot(const Tensor& a, const Tensor& b) {
  if (a.dim() != 1 || b.dim() != 1)
    fail("dot", "needs two vectors: " + operands(a, b) + "; matmul takes other ranks");
  return dot_as("dot", a, b);
}

Tensor outer(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {
      .name = "outer",
      .vjp = {{{keep::x(1), [](Grad g, Fn f) { return matvec("outer", g, f.x(1), false); }},   // da
               {keep::x(0), [](Grad g, Fn f) { return matvec("outer", g, f.x(0), true); }}}},  // db
      .again = [](Call c) { return outer(c.x(0), c.x(1)); },
      .jvp = Jvp::By::bilinear};
  if (a.dim() != 1 || b.dim() != 1)
    fail("outer", "needs two vectors: " + operands(a, b) + "; kron takes other ranks");
  if (differ(a, b)) {
    const auto [p, q] = promote("outer", a, b);
    return outer(p, q);
  }
  const std::int64_t m = a.size(0), n = b.size(0);
  Tensor y = new_tensor({m, n}, a.dtype());
  visit_number(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const T *u = ptr<T>(a), *v = ptr<T>(b);
    const auto rows = [=, to = ptr<T>(y)](std::int64_t from, std::int64_t last) {
      for (std::int64_t i = from; i < last; ++i)
        map_loop<true>(n, to + i * n, v, [s = u[i]](T w) { return times(s, w); });
    };
    launch(outer_kernel, {.bytes = (m + n + m * n) * bytes_of<T>}, m,
           std::max<std::int64_t>(block_elements / std::max<std::int64_t>(n, 1), 1), rows);
  });
  return record(op, {a, b}, std::move(y));
}

namespace {

/// A tensor of vectors as one matrix with these in its rows.
Tensor as_rows(const Tensor& x) { return reshape(x, {rows_of(x.shape()), x.size(-1)}); }

/// The shape with another last size, or without it.
Shape with_last(const Shape& shape, std::int64_t size) {
  Shape s = shape;
  s[s.rank() - 1] = size;
  return s;
}
Shape without_last(const Shape& shape) {
  Shape s = shape;
  s.erase(s.rank() - 1);
  return s;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  const int i = a.dim(), j = b.dim();
  if (i == 2 && j == 2) return gemm_as("matmul", a, b);
  if (i == 0 || j == 0)
    fail("matmul",
         "needs vectors, matrices or batches of matrices: " + operands(a, b) + "; use * for numbers");
  if (i == 1 && j == 1) return dot_as("matmul", a, b);
  if (i == 1 && j == 2) return matvec("matmul", b, a, true);
  if (i == 2 && j == 1) return matvec("matmul", a, b, false);
  if (i == 1) return squeeze(gemm_as("matmul", unsqueeze(a, 0), b), -2);
  if (j > 2) return gemm_as("matmul", a, b);
  // One product for the whole batch, and one for the gradient of b.
  if (a.size(-1) != b.size(0)) fail_inner("matmul", a, b);
  if (j == 1) return reshape(matvec("matmul", as_rows(a), b, false), without_last(a.shape()));
  return reshape(gemm_as("matmul", as_rows(a), b), with_last(a.shape(), b.size(1)));
}

}  // namespace xgrad
