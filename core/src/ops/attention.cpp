#include <cmath>

#include "errors.hpp"
#include "ops/attention.hpp"
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

/// True where all have one batch, and the mask no gradient.
bool fits_one_node(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
  const Shape batch = batch_of(q.shape());
  return batch == batch_of(k.shape()) && batch == batch_of(v.shape()) &&
         !(mask.defined() && mask.requires_grad());
}

}  // namespace

Tensor detail::attention_scores(const Tensor& q, const Tensor& k, const Tensor& mask, double scale,
                                bool causal) {
  Tensor scores = gemm(q * scale, k, false, true);
  if (causal) {
    const Tensor row = arange(q.size(-2)), column = arange(k.size(-2));
    scores = scores + additive(le(unsqueeze(column, 0), unsqueeze(row, 1)), scores.dtype());
  }
  return mask.defined() ? scores + mask : scores;
}

Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& o) {
  constexpr const char* name = "scaled_dot_product_attention";
  if (q.dim() < 2 || k.dim() < 2 || v.dim() < 2 || q.size(-1) != k.size(-1) || k.size(-2) != v.size(-2))
    fail(name, "needs q[..., L, d], k[..., S, d], v[..., S, e]: " + describe_all(q, k, v));
  check_same_dtype(name, q, k);
  check_same_dtype(name, k, v);
  const Shape scores = matrix_shape(broadcast_batches(name, q, k), q.size(-2), k.size(-2));
  broadcast_batches(name, k, v), broadcast_batches(name, q, v);
  if (!(o.dropout_p >= 0 && o.dropout_p <= 1))
    fail(name, "the probability dropout_p must lie in [0, 1]: it is " + short_text(o.dropout_p));
  if (o.mask.defined() && o.mask.dtype() != boolean && o.mask.dtype() != q.dtype())
    fail(name, "the mask must be boolean, or of the operands' dtype: it is " + o.mask.describe() + "; " +
                   describe_all(q, k, v));
  const double scale = o.scale != 0 ? o.scale : 1 / std::sqrt(static_cast<double>(q.size(-1)));
  Tensor mask = o.mask;
  if (mask.defined() && !broadcasts_to(mask.shape(), scores))
    fail(name, "the mask must broadcast to the scores " + scores.str() + ": it is " + mask.describe() + "; " +
                   describe_all(q, k, v));
  if (mask.defined() && mask.dtype() == boolean) mask = additive(mask, q.dtype());
  if (o.dropout_p == 0 && fits_one_node(q, k, v, mask)) {
    const Shape whole = {q.size(-2), k.size(-2)};
    if (mask.defined() && !(mask.dim() >= 2 && mask.size(-2) == whole[0] && mask.size(-1) == whole[1]))
      mask = mask + zeros(whole, {.dtype = q.dtype()});
    return fused_attention(q, k, v, mask, scale, o.is_causal);
  }
  const Tensor weights = softmax(attention_scores(q, k, mask, scale, o.is_causal), -1);
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
