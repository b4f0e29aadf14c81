#include <cmath>

#include "ops/attention/attention.hpp"
#include "ops/linalg/matrices.hpp"
#include "tensor/errors.hpp"
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
  check_one_floating(name, q, k);
  check_one_floating(name, k, v);
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

}  // namespace xgrad
