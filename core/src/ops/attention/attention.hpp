#pragma once

#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// The scores q k^T scale + mask, and -inf where position i would see one behind it; the mask, which may be
/// undefined, is floating and broadcasts.
Tensor attention_scores(const Tensor& q, const Tensor& k, const Tensor& mask, double scale, bool causal);

/// softmax(scores) v in one node, for operands of one batch and a mask of at least two axes that broadcasts
/// to the scores; it may be undefined.
Tensor fused_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, double scale,
                       bool causal);

}  // namespace xgrad::detail
