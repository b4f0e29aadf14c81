#include "import/node.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"

// Products of matrices.

namespace xgrad::onnx::detail {

namespace {

Tensors matrix_product(const NodeCall& c) { return one(matmul(c.x(0), c.x(1))); }

Tensors general_product(const NodeCall& c) {
  const Tensor &a = c.x(0), &b = c.x(1);
  const bool ta = c.integer("transA", 0) != 0, tb = c.integer("transB", 0) != 0;
  const double alpha = c.real("alpha", 1), beta = c.real("beta", 1);
  if (a.dim() != 2 || b.dim() != 2)
    c.fail("needs two matrices: a is " + a.describe() + ", b is " + b.describe());
  if (!ta && tb && alpha == 1 && beta == 1 && c.has(2) && c.x(2).dim() == 1 && c.x(2).size(0) == b.size(0) &&
      is_floating(a.dtype()))
    return one(linear(a, b, c.x(2)));
  Tensor y = gemm(a, b, ta, tb);
  if (alpha != 1) y = mul(y, alpha).to(a.dtype());
  if (c.has(2) && beta != 0) y = add(y, beta == 1 ? c.x(2) : mul(c.x(2), beta).to(a.dtype()));
  return one(y);
}

Tensors determinant(const NodeCall& c) { return one(det(c.x(0))); }

Tensors sum_of_products(const NodeCall& c) {
  Tensors operands;
  for (std::size_t i = 0; i < c.inputs(); ++i) operands.push_back(c.x(i));
  return one(einsum(c.text("equation", ""), operands));
}

}  // namespace

void add_products(ImportTable& t) {
  t["MatMul"] = matrix_product, t["Gemm"] = general_product, t["Det"] = determinant,
  t["Einsum"] = sum_of_products;
}

}  // namespace xgrad::onnx::detail
