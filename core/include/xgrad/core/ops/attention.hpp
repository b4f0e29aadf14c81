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
/// L, e]. One node where q, k and v have one batch, the mask no gradient and dropout is off: of more than
/// 2^20 weights in all it keeps none, and makes them again in backward. A query that sees no key gives 0, and
/// no gradient to any of q, k and v. Throws Error when shapes or dtypes do not fit. Vaswani et al., 2017.
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options = {});

}  // namespace xgrad
