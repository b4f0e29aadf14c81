#include <cmath>

#include "autodiff/fields.hpp"
#include "kernels/blas/blas.hpp"
#include "kernels/loops/work.hpp"
#include "kernels/loops/wrap.hpp"
#include "ops/linalg/matrices.hpp"
#include "ops/linalg/products.hpp"
#include "ops/support/elementwise.hpp"
#include "ops/support/layout.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/tangents.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"

namespace xgrad {

using namespace detail;

namespace {

void check_pair(const char* op, const Tensor& a, const Tensor& b, int rank) {
  if (a.dim(op) != rank || b.dim(op) != rank)
    fail(op, std::string(rank == 2 ? "needs two matrices: " : "needs two batches of matrices: ") +
                 operands(a, b) + "; matmul takes other ranks");
  if (rank == 3 && a.size(0) != b.size(0))
    fail(op, "the batches differ in size: " + operands(a, b) + "; matmul broadcasts them");
  if (a.size(-1) != b.size(-2)) fail(op, "inner sizes differ: " + operands(a, b) + inner_rule);
}

}  // namespace

Tensor mm(const Tensor& a, const Tensor& b) {
  check_pair("mm", a, b, 2);
  return gemm_as("mm", a, b);
}

Tensor bmm(const Tensor& a, const Tensor& b) {
  check_pair("bmm", a, b, 3);
  return gemm_as("bmm", a, b);
}

// A product added to something ------------------------------------------------------------------------------

namespace {

struct Weights {
  double beta, alpha;
  void fields(auto&& field) const { field("beta", beta), field("alpha", alpha); }
};

Tensor scaled(const Tensor& g, double s) { return s == 1 ? g : g * s; }

/// beta x + alpha a b. With alpha 1, which is the rule, the product is added to what lies there already.
Tensor add_product_value(const Tensor& x, const Tensor& a, const Tensor& b, const Shape& shape, Weights w) {
  const std::int64_t m = a.size(-2), k = a.size(-1), n = b.size(-1);
  const bool onto_x = w.alpha == 1 && w.beta != 0;
  Tensor y = onto_x ? repeated(x, shape) : new_tensor(shape, a.dtype());
  const auto scale = [&](double by) {
    if (by != 1) update(y, y, [by](auto u, auto) { return times(static_cast<decltype(u)>(by), u); });
  };
  if (onto_x) scale(w.beta);
  visit_number(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < MatrixSizes(a).count; ++i)
      gemm(false, false, m, n, k, ptr<T>(a) + i * m * k, ptr<T>(b) + i * k * n, onto_x,
           ptr<T>(y) + i * m * n);
  });
  if (onto_x) return y;
  scale(w.alpha);
  if (w.beta != 0)
    update(y, x, [w](auto u, auto v) { return plus(u, times(static_cast<decltype(v)>(w.beta), v)); });
  return y;
}

Tensor add_product(const char* name, const Op& op, const Tensor& x, const Tensor& a, const Tensor& b,
                   Weights w) {
  check_defined(name, x, a, b);
  if (differ(a, b)) {
    const auto [p, q] = promote(name, a, b);
    return add_product(name, op, x, p, q, w);
  }
  if (x.dtype() != a.dtype()) {
    const auto [p, q] = promote(name, x, a);
    return add_product(name, op, p, q, b.to(q.dtype()), w);
  }
  if (a.dtype() == int64 && (w.beta != std::floor(w.beta) || w.alpha != std::floor(w.alpha)))
    fail(name, "beta and alpha must be integers for integer operands: " + operands(a, b) + ", beta is " +
                   short_text(w.beta) + ", alpha is " + short_text(w.alpha));
  const Shape shape = matrix_shape(batch_of(a.shape()), a.size(-2), b.size(-1));
  if (!broadcasts_to(x.shape(), shape))
    fail(name, "x does not broadcast to the product: x is " + x.describe() + ", the product has shape " +
                   shape.str() + "; sizes must agree, or x's be 1");
  return record(op, {x, a, b}, add_product_value(x, a, b, shape, w), w);
}

Tensor product_dx(Grad g, Fn f) { return scaled(g, f.attributes<Weights>().beta); }
Tensor product_da(Grad g, Fn f) {
  return scaled(gemm(g, f.x(2), false, true), f.attributes<Weights>().alpha);
}
Tensor product_db(Grad g, Fn f) {
  return scaled(gemm(f.x(1), g, true, false), f.attributes<Weights>().alpha);
}

Tensor product_jvp(Fn f) {
  const auto [beta, alpha] = f.attributes<Weights>();
  Tensor sum;
  if (f.t(0).defined()) add_part(sum, expand(scaled(f.t(0), beta), f.y().shape()));
  if (f.t(1).defined()) add_part(sum, scaled(matmul(f.t(1), f.x(2)), alpha));
  if (f.t(2).defined()) add_part(sum, scaled(matmul(f.x(1), f.t(2)), alpha));
  return sum;
}

}  // namespace

Tensor addmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  static constexpr Op op = {
      .name = "addmm",
      .vjp = {{{keep::nothing, product_dx}, {keep::x(2), product_da}, {keep::x(1), product_db}}},
      .fields = &fields_of<Weights>,
      .again =
          [](Call c) {
            const Weights w = c.attributes<Weights>();
            return addmm(c.x(0), c.x(1), c.x(2), w.beta, w.alpha);
          },
      .jvp = product_jvp};
  check_pair("addmm", a, b, 2);
  return add_product("addmm", op, x, a, b, {beta.to<double>(), alpha.to<double>()});
}

Tensor baddbmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  static constexpr Op op = {
      .name = "baddbmm",
      .vjp = {{{keep::nothing, product_dx}, {keep::x(2), product_da}, {keep::x(1), product_db}}},
      .fields = &fields_of<Weights>,
      .again =
          [](Call c) {
            const Weights w = c.attributes<Weights>();
            return baddbmm(c.x(0), c.x(1), c.x(2), w.beta, w.alpha);
          },
      .jvp = product_jvp};
  check_pair("baddbmm", a, b, 3);
  return add_product("baddbmm", op, x, a, b, {beta.to<double>(), alpha.to<double>()});
}

// Made of other products ------------------------------------------------------------------------------------

Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight, const Tensor& bias) {
  const auto all = [&] {
    return "x1 is " + x1.describe() + ", x2 is " + x2.describe() + ", weight is " + weight.describe() +
           (bias.defined() ? ", bias is " + bias.describe() : "");
  };
  if (weight.dim() != 3) fail("bilinear", "the weight must have three axes [out, in1, in2]: " + all());
  const std::int64_t out = weight.size(0), in1 = weight.size(1), in2 = weight.size(2);
  if (x1.dim() < 1 || x2.dim() < 1 || x1.size(-1) != in1 || x2.size(-1) != in2)
    fail("bilinear", "the last sizes of x1 and x2 must be the weight's second and third: " + all());
  Shape shape = x1.shape();
  shape[shape.rank() - 1] = in2;
  if (!(shape == x2.shape())) fail("bilinear", "x1 and x2 must agree in all axes but the last: " + all());
  if (bias.defined() && !(bias.shape() == Shape{out}))
    fail("bilinear", "the bias must have the weight's first size: " + all());
  shape[shape.rank() - 1] = out;

  const std::int64_t rows = rows_of(shape);
  common_dtype("bilinear", x1, x2);
  const Tensor right =
      gemm_as("bilinear", reshape(x2, {rows, in2}), reshape(weight, {out * in1, in2}), false, true);
  const Tensor y = gemm_as("bilinear", reshape(right, {rows, out, in1}), reshape(x1, {rows, in1, 1}));
  if (!bias.defined()) return reshape(y, shape);
  common_dtype("bilinear", y, bias);
  return reshape(y, shape) + bias;
}

Tensor kron(const Tensor& a, const Tensor& b) {
  const int rank = std::max(a.dim(), b.dim());
  common_dtype("kron", a, b);
  if (2 * rank > Shape::max_rank) fail("kron", "needs 16 axes at most: " + operands(a, b));
  Shape p, q, shape;
  for (int i = 0; i < rank; ++i) {
    const int u = i - rank + a.dim(), v = i - rank + b.dim();
    const std::int64_t m = u < 0 ? 1 : a.shape()[u], n = v < 0 ? 1 : b.shape()[v];
    p.push_back(m), p.push_back(1);
    q.push_back(1), q.push_back(n);
    shape.push_back(product_of(m, n));
  }
  return reshape(reshape(a, p) * reshape(b, q), shape);
}

Tensor trace(const Tensor& x) {
  static constexpr Op op = {.name = "trace",
                            .vjp = {{{keep::nothing,
                                      [](Grad g, Fn f) {
                                        const Shape& s = f.shape(0);
                                        return unsqueeze(unsqueeze(g, -1), -1) *
                                               eye(s[s.rank() - 2], s.back(), {.dtype = g.dtype()});
                                      }}}},
                            .again = [](Call c) { return trace(c.x(0)); },
                            .jvp = Jvp::By::linear};
  static constexpr Kernel trace_kernel = {.name = "trace"};
  if (x.dim() < 2) fail("trace", "needs a matrix or a batch of matrices: x is " + x.describe());
  if (x.dtype() == boolean) return trace(x.to(int64));
  const MatrixSizes sizes(x);
  Tensor y = new_tensor(batch_of(x.shape()), x.dtype());
  visit_number(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const std::int64_t side = std::min(sizes.rows, sizes.columns);
    launch(trace_kernel, {.bytes = sizes.count * (side + 1) * bytes_of<T>},
           [=, from = ptr<T>(x), to = ptr<T>(y)] {
             const T* p = from;
             for (std::int64_t k = 0; k < sizes.count; ++k, p += sizes.elements) {
               T sum = 0;
               for (std::int64_t i = 0; i < side; ++i) sum = plus(sum, p[i * (sizes.columns + 1)]);
               to[k] = sum;
             }
           });
  });
  return record(op, {x}, std::move(y));
}

}  // namespace xgrad
