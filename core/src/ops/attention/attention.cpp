#include <cmath>

#include "ops/attention/attention.hpp"
#include "ops/linalg/matrices.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/broadcast.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/attention.hpp"
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

/// What is added to the scores: 0 where a pair takes part, -inf where not.
Tensor additive(const Tensor& mask, DType dtype) {
  return where(mask, full({}, 0.0, {.dtype = dtype}), full({}, -INFINITY, {.dtype = dtype}));
}

/// The operand with this batch.
Tensor in_batch(const Tensor& x, const Shape& batch) {
  return batch_of(x.shape()) == batch ? x : expand(x, matrix_shape(batch, x.size(-2), x.size(-1)));
}

/// The mask as matrices of which each side is that of the scores or 1.
Tensor in_matrices(const Tensor& mask) { return mask.dim() >= 2 ? mask : reshape(mask, {1, mask.numel()}); }

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
  check_one_floating(name, q, k);
  check_one_floating(name, k, v);
  const Shape scores = matrix_shape(broadcast_batches(name, q, k), q.size(-2), k.size(-2));
  broadcast_batches(name, k, v), broadcast_batches(name, q, v);
  const Shape batch = broadcast_shapes(name, batch_of(scores), batch_of(v.shape()));
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
  if (o.dropout_p == 0)
    return fused_attention(in_batch(q, batch), in_batch(k, batch), in_batch(v, batch),
                           mask.defined() ? in_matrices(mask) : mask, scale, o.is_causal);
  const Tensor weights = softmax(attention_scores(q, k, mask, scale, o.is_causal), -1);
  return matmul(o.dropout_p > 0 ? dropout(weights, o.dropout_p) : weights, v);
}

}  // namespace xgrad
