#include "xgrad/nn/reparametrization.hpp"

#include "layer.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/normalization.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::nn::detail {

namespace {

/// w as a matrix, with the entries along an axis as rows.
Tensor as_matrix(const Tensor& w, int axis) {
  return reshape(axis == 0 ? w : movedim(w, {axis}, {0}), {w.size(axis), -1});
}

Tensor unit(const Tensor& x, double eps) { return normalize(x, 2, 0, eps); }

}  // namespace

void check_weighted(const char* op, const Tensor& weight, int axis) {
  if (!weight.defined())
    throw Error(std::string(op) + ": the layer's weight is undefined; give it one first");
  if (axis < 0 || axis >= weight.dim())
    throw Error(std::string(op) + ": axis " + std::to_string(axis) + " must be one of the weight: it is " +
                weight.describe());
}

Tensor norm_but(const Tensor& w, int axis) {
  std::vector<int> others;
  for (int i = 0; i < w.dim(); ++i)
    if (i != axis) others.push_back(i);
  return norm(w, 2, Axes(others), true);
}

Tensor weight_by_norm(const Tensor& g, const Tensor& v, int axis) { return v * (g / norm_but(v, axis)); }

SpectralState::SpectralState(const Tensor& weight, int row_axis, int iterations, double small,
                             Generator generator)
    : axis(row_axis), power_iterations(iterations), eps(small) {
  check_least("spectral_norm", "n_power_iterations", iterations, 1);
  const NoGrad guard;
  const std::int64_t rows = weight.size(axis), columns = weight.numel() / rows;
  u = unit(randn({rows}, {.dtype = weight.dtype()}, generator), eps);
  v = unit(randn({columns}, {.dtype = weight.dtype()}, generator), eps);
}

Tensor SpectralState::weight(const Tensor& w, bool training) const {
  if (training) {
    const NoGrad guard;
    const Tensor matrix = as_matrix(w.detach(), axis);
    for (int i = 0; i < power_iterations; ++i) {
      v = unit(matmul(u, matrix), eps);  // new tensors, since an earlier call may still need the old ones
      u = unit(matmul(matrix, v), eps);
    }
  }
  const Tensor sigma = sum(u * matmul(as_matrix(w, axis), v));
  return w / sigma;
}

}  // namespace xgrad::nn::detail
