#pragma once

#include "xgrad/core/tensor.hpp"

namespace xgrad {

struct AttentionOptions {
  Tensor mask =
      {};  ///< boolean (true takes part) or floating (added to the scores); broadcasts to the scores
  double dropout_p = 0.0;  ///< of the weights, always on when not 0
  bool is_causal = false;  ///< position i sees positions up to i
  double scale = 0;        ///< of the scores; 0: 1 / sqrt(size of a key)
};

/// softmax(q k^T * scale + mask) v over the last two axes: q[..., L, d], k[..., S, d], v[..., S, e] to [...,
/// L, e]; batches broadcast. One node unless dropout is on. More than 2^20 weights in all are never there
/// together, nor are those of long causal sequences: values and gradients of q, k and v are made by blocks,
/// and memory grows with L + S. A product L S of numbers is still taken by dropout, by the gradient of a
/// mask, and by second derivatives. A query that sees no key gives 0, and no gradient to any of q, k and v.
/// Throws Error when shapes or dtypes do not fit. Vaswani et al., 2017; Dao, "FlashAttention-2", 2023.
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options = {});

}  // namespace xgrad
