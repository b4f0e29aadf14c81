#include "xgrad/core/ops/linalg.hpp"

#include "kernels/blas.hpp"
#include "kernels/elementwise.hpp"
#include "ops/promote.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

struct Transposed {
  bool a, b;
};

Shape batch_of(const Shape& s) {
  Shape batch = Shape::filled(s.rank() - 2, 0);
  std::copy(s.begin(), s.end() - 2, batch.begin());
  return batch;
}

/// The products of all pairs of matrices; batches are checked and broadcast.
Tensor products(const Tensor& a, const Tensor& b, Transposed t) {
  const Shape &p = a.shape(), &q = b.shape();
  const int i = p.rank() - 2, j = q.rank() - 2;
  const std::int64_t m = p[i + t.a], k = p[i + !t.a], n = q[j + !t.b];
  if (k != q[j + t.b])
    fail("matmul", "inner sizes differ: " + operands(a, b) + (t.a ? ", a transposed" : "") +
                       (t.b ? ", b transposed" : ""));
  const Shape batch_a = batch_of(p), batch_b = batch_of(q);
  const Shape batch = broadcast_shapes("matmul", batch_a, batch_b);
  Shape shape = batch;
  shape.push_back(m);
  shape.push_back(n);
  Tensor c = new_tensor(shape, a.dtype());
  visit_number(a.dtype(), [&](auto tag) {
    using T = type_of<decltype(tag)>;
    const Walker<2> walk(batch, {&batch_a, &batch_b});
    walk.each_inner([&](std::int64_t at, const auto& x) {
      for (std::int64_t l = 0; l < walk.size[0]; ++l)
        gemm(t.a, t.b, m, n, k, ptr<T>(a) + (x[0] + l * walk.stride[0][0]) * m * k,
             ptr<T>(b) + (x[1] + l * walk.stride[1][0]) * k * n, false, ptr<T>(c) + (at + l) * m * n);
    });
  });
  return c;
}

}  // namespace

Tensor gemm(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  // C = op(A) op(B): dop(A) = G op(B)^T, dop(B) = op(A)^T G, each written so that no transposed copy is made.
  static constexpr Op op = {.name = "matmul",
                            .vjp = {{{keep::x(1),
                                      [](Grad g, Fn f) {
                                        const auto [ta, tb] = f.attributes<Transposed>();
                                        return ta ? gemm(f.x(1), g, tb, true) : gemm(g, f.x(1), false, !tb);
                                      }},
                                     {keep::x(0), [](Grad g, Fn f) {
                                        const auto [ta, tb] = f.attributes<Transposed>();
                                        return tb ? gemm(g, f.x(0), true, ta) : gemm(f.x(0), g, !ta, false);
                                      }}}}};
  if (differ(a, b)) {
    const auto [p, q] = promote("matmul", a, b);
    return gemm(p, q, transpose_a, transpose_b);
  }
  if (a.dim() < 2 || b.dim() < 2) fail("gemm", "needs matrices: " + operands(a, b));
  const Transposed t{transpose_a, transpose_b};
  return record(op, {a, b}, products(a, b, t), t);
}

Tensor matmul(const Tensor& a, const Tensor& b) {
  if (a.dim() == 2 && b.dim() == 2) return gemm(a, b, false, false);
  if (a.dim() == 0 || b.dim() == 0)
    fail("matmul",
         "needs vectors, matrices or batches of matrices: " + operands(a, b) + "; use * for numbers");
  Shape result;
  if (a.dim() == 1) {  // a row, and its axis taken away again
    const Tensor y = matmul(unsqueeze(a, 0), b);
    return squeeze(y, b.dim() == 1 ? 0 : y.dim() - 2);
  }
  if (b.dim() == 1) return squeeze(matmul(a, unsqueeze(b, 1)), -1);
  if (b.dim() == 2) {  // one product for the whole batch, and one for the gradient of b
    Shape shape = a.shape();
    shape[shape.rank() - 1] = b.size(1);
    if (a.size(-1) != b.size(0)) fail("matmul", "inner sizes differ: " + operands(a, b));
    return reshape(
        gemm(reshape(a, {a.numel() / std::max<std::int64_t>(a.size(-1), 1), a.size(-1)}), b, false, false),
        shape);
  }
  return gemm(a, b, false, false);
}

namespace {

/// x weight^T, each row started from the bias.
Tensor linear_value(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const std::int64_t rows = x.size(0), in = x.size(1), out = weight.size(0);
  Tensor y = new_tensor({rows, out}, x.dtype());
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    if (bias.defined())
      for (std::int64_t i = 0; i < rows; ++i) std::copy_n(ptr<T>(bias), out, ptr<T>(y) + i * out);
    gemm(false, true, rows, out, in, ptr<T>(x), ptr<T>(weight), bias.defined(), ptr<T>(y));
  });
  return y;
}

void check_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const auto all = [&] {
    return "x is " + x.describe() + ", weight is " + weight.describe() +
           (bias.defined() ? ", bias is " + bias.describe() : "");
  };
  if (weight.dim() != 2) fail("linear", "the weight must be a matrix [out, in]: " + all());
  if (x.dim() < 1 || x.size(-1) != weight.size(1))
    fail("linear", "the last size of x must be the weight's second: " + all());
  if (bias.defined() && (bias.dim() != 1 || bias.size(0) != weight.size(0)))
    fail("linear", "the bias must have the weight's first size: " + all());
  if (!is_floating(weight.dtype()) || (bias.defined() && bias.dtype() != weight.dtype()))
    fail("linear", "weight and bias must have one floating dtype: " + all());
  if (is_floating(x.dtype()) && x.dtype() != weight.dtype())
    fail("linear", "operands mix float32 and float64: " + all() + "; convert x with .to(), or the model");
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  static constexpr Op op = {
      .name = "linear",
      .vjp = {{{keep::x(1), [](Grad g, Fn f) { return gemm(g, f.x(1), false, false); }},  // dx
               {keep::x(0), [](Grad g, Fn f) { return gemm(g, f.x(0), true, false); }},   // dweight
               {keep::nothing, [](Grad g, Fn) { return g; }}}}};                          // dbias
  check_linear(x, weight, bias);
  if (x.dtype() != weight.dtype()) return linear(x.to(weight.dtype()), weight, bias);
  if (x.dim() != 2) {
    Shape shape = x.shape();
    shape[shape.rank() - 1] = weight.size(0);
    const std::int64_t in = x.size(-1);
    return reshape(linear(reshape(x, {in ? x.numel() / in : shape.numel() / shape.back(), in}), weight, bias),
                   shape);
  }
  Tensor y = linear_value(x, weight, bias);
  if (!bias.defined()) return record(op, {x, weight}, std::move(y));
  return record(op, {x, weight, bias}, std::move(y));
}

}  // namespace xgrad
