#include "ops/linalg/matrices.hpp"
#include "kernels/loops/work.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "kernels/loops/dispatch.hpp"
#include "xgrad/core/ops/arithmetic.hpp"

namespace xgrad::detail {
namespace {

/// The index of element i of a tensor of this shape, "[1, 0]".
std::string index_of(const Shape& shape, std::int64_t i) {
  Shape index = shape;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[axis] = i % shape[axis];
    i /= shape[axis];
  }
  return index.str();
}

}  // namespace

Shape batch_of(const Shape& shape) {
  return Shape(std::span(shape.begin(), static_cast<std::size_t>(shape.rank() - 2)));
}

std::int64_t rows_of(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end() - 1, std::int64_t{1}, std::multiplies<>());
}

Shape matrix_shape(const Shape& batch, std::int64_t rows, std::int64_t columns) {
  Shape shape = batch;
  shape.push_back(rows);
  shape.push_back(columns);
  return shape;
}

Shape broadcast_batches(const char* op, const Tensor& a, const Tensor& b) {
  const Shape &p = a.shape(op), &q = b.shape(op);
  for (int i = 3; i <= std::min(p.rank(), q.rank()); ++i) {
    const std::int64_t u = p[p.rank() - i], v = q[q.rank() - i];
    if (u != v && u != 1 && v != 1)
      fail(op, "the batches do not broadcast: " + operands(a, b) + " differ in axis " + std::to_string(-i) +
                   "; sizes must agree, or one of them be 1");
  }
  return broadcast_shapes(op, batch_of(p), batch_of(q));
}

MatrixSizes::MatrixSizes(const Tensor& a)
    : count(batch_of(a.shape()).numel()),
      rows(a.shape()[a.dim() - 2]),
      columns(a.shape()[a.dim() - 1]),
      elements(rows * columns) {}

void check_matrices(const char* op, const Tensor& a) {
  if (a.dim(op) < 2) fail(op, "needs a matrix or a batch of matrices: a is " + a.describe());
  if (!is_floating(a.dtype()))
    fail(op, "needs a floating tensor: a is " + a.describe() + "; convert it with a.to(float64)");
}

void check_square(const char* op, const Tensor& a, const char* remedy) {
  check_matrices(op, a);
  if (a.size(-2) != a.size(-1)) fail(op, "needs square matrices: a is " + a.describe() + remedy);
}

void check_finite(const char* op, const Tensor& a) {
  visit_floating(a.dtype(op), [&](auto t) {
    using T = type_of<decltype(t)>;
    const T* p = ptr<T>(a);
    for (std::int64_t i = 0; i < a.numel(); ++i)
      if (!std::isfinite(p[i]))
        fail(op, "needs finite elements: a is " + a.describe() + " with " +
                     (std::isnan(p[i]) ? "nan"
                      : p[i] > 0       ? "inf"
                                       : "-inf") +
                     " at " + index_of(a.shape(), i) +
                     "; find where it arose, or replace it by where(isfinite(a), a, 0)");
  });
}

bool is_vectors(const Tensor& a, const Tensor& b) {
  return b.dim() == 1 ||
         (b.dim() == a.dim() - 1 && std::equal(b.shape().begin(), b.shape().end(), a.shape().begin()));
}

std::string matrix_name(const Tensor& a, std::int64_t i) {
  return a.dim() == 2 ? "the matrix" : "the matrix at " + index_of(batch_of(a.shape()), i);
}

void fail_singular(const char* op, const Tensor& a, std::int64_t i) {
  fail(op, matrix_name(a, i) + " is singular: a is " + a.describe() +
               "; add a small multiple of the identity, or use pinv or lstsq");
}

void check_converged(const char* op, const Tensor& a, std::int64_t i, int info) {
  if (info != 0)
    fail(op, "LAPACK's iteration did not converge for " + matrix_name(a, i) + " (info " +
                 std::to_string(info) + "): a is " + a.describe() +
                 "; scale a towards 1, or compute in float64");
}

Tensor symmetric_part(const Tensor& a) {
  static constexpr Kernel kernel = {.name = "symmetric_part"};
  const MatrixSizes sizes(a);
  Tensor y = new_like(a);
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    launch(kernel, {.bytes = 2 * a.numel() * bytes_of<T>}, [sizes, from = ptr<T>(a), to = ptr<T>(y)] {
      const T* p = from;
      T* q = to;
      for (std::int64_t k = 0; k < sizes.count; ++k, p += sizes.elements, q += sizes.elements)
        for (std::int64_t i = 0; i < sizes.rows; ++i)
          for (std::int64_t j = 0; j <= i; ++j)
            q[i * sizes.columns + j] = q[j * sizes.columns + i] =
                p[i * sizes.columns + j] / 2 + p[j * sizes.columns + i] / 2;
    });
  });
  return y;
}

Tensor triangle(const Tensor& a, bool upper, bool strict) {
  const std::int64_t rows = a.size(-2), columns = a.size(-1);
  static constexpr Kernel kernel = {.name = "triangle_mask"};
  const Tensor mask = new_tensor({rows, columns}, boolean);
  launch(kernel, {.bytes = rows * columns}, [=, to = ptr<bool>(mask)] {
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j)
        to[i * columns + j] = (upper ? j > i : i > j) || (i == j && !strict);
  });
  return where(mask, a, 0);
}

}  // namespace xgrad::detail
