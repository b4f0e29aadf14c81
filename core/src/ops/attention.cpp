#include <cmath>

#include "errors.hpp"
#include "ops/axes.hpp"
#include "ops/matrices.hpp"
#include "ops/reduce.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/normalization.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

std::string describe_all(const Tensor& q, const Tensor& k, const Tensor& v) {
  return "q is " + q.describe() + ", k is " + k.describe() + ", v is " + v.describe();
}

void check_same_dtype(const char* op, const Tensor& a, const Tensor& b) {
  check_floating(op, a);
  if (a.dtype(op) != b.dtype(op))
    fail(op, "operands differ in dtype: " + operands(a, b) + "; convert one with .to()");
}

/// What is added to the scores: 0 where a pair takes part, -inf where not.
Tensor additive(const Tensor& mask, DType dtype) {
  return where(mask, full({}, 0.0, {.dtype = dtype}), full({}, -INFINITY, {.dtype = dtype}));
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& o) {
  constexpr const char* name = "scaled_dot_product_attention";
  if (q.dim() < 2 || k.dim() < 2 || v.dim() < 2 || q.size(-1) != k.size(-1) || k.size(-2) != v.size(-2))
    fail(name, "needs q[..., L, d], k[..., S, d], v[..., S, e]: " + describe_all(q, k, v));
  check_same_dtype(name, q, k);
  check_same_dtype(name, k, v);
  broadcast_batches(name, q, k), broadcast_batches(name, k, v), broadcast_batches(name, q, v);
  if (!(o.dropout_p >= 0 && o.dropout_p <= 1))
    fail(name, "the probability dropout_p must lie in [0, 1]: it is " + std::to_string(o.dropout_p));
  if (o.mask.defined() && o.mask.dtype() != boolean && o.mask.dtype() != q.dtype())
    fail(name, "the mask must be boolean, or of the operands' dtype: it is " + o.mask.describe() + "; " +
                   describe_all(q, k, v));
  const double scale = o.scale != 0 ? o.scale : 1 / std::sqrt(static_cast<double>(q.size(-1)));
  Tensor scores = gemm(q * scale, k, false, true);
  if (o.is_causal) {
    const Tensor row = arange(q.size(-2)), column = arange(k.size(-2));
    scores = scores + additive(le(unsqueeze(column, 0), unsqueeze(row, 1)), scores.dtype());
  }
  if (o.mask.defined() && !broadcasts_to(o.mask.shape(), scores.shape()))
    fail(name, "the mask must broadcast to the scores " + scores.shape().str() + ": it is " +
                   o.mask.describe() + "; " + describe_all(q, k, v));
  if (o.mask.defined())
    scores = scores + (o.mask.dtype() == boolean ? additive(o.mask, scores.dtype()) : o.mask);
  const Tensor weights = softmax(scores, -1);
  return matmul(o.dropout_p > 0 ? dropout(weights, o.dropout_p) : weights, v);
}

Tensor cosine_similarity(const Tensor& a, const Tensor& b, int axis, double eps) {
  check_same_dtype("cosine_similarity", a, b);
  const Shape shape = broadcast_shapes("cosine_similarity", a, b);
  const Tensor p = a.shape() == shape ? a : expand(a, shape), q = b.shape() == shape ? b : expand(b, shape);
  const int along = line_axis("cosine_similarity", axis, p);
  return sum(p * q, along) / (maximum(norm(p, 2, along), eps) * maximum(norm(q, 2, along), eps));
}

Tensor pairwise_distance(const Tensor& a, const Tensor& b, double p, double eps, bool keepdim) {
  check_same_dtype("pairwise_distance", a, b);
  broadcast_shapes("pairwise_distance", a, b);
  return norm_as("pairwise_distance", a - b + eps, p, -1, keepdim);
}

Tensor normalize(const Tensor& x, double p, int axis, double eps) {
  return x / maximum(norm_as("normalize", x, p, axis, true), eps);
}

}  // namespace xgrad
