#pragma once

#include <algorithm>
#include <cstdint>

// Attention, head by head: y = softmax(scale q k^T + mask) v. Two ways. By weights, a head's whole matrix of
// them is made, and may be kept for backward: that serves short sequences. By blocks of it no more than a
// block is ever there, so that memory grows with the length and not with its square, and blocks that a causal
// head does not see cost nothing.

namespace xgrad::detail {

/// The operands of all heads: q[heads, queries, size], k[heads, keys, size], v[heads, keys, value_size].
template <class T>
struct Attention {
  std::int64_t heads, queries, keys, size, value_size;
  T scale;
  bool causal = false;
  const T *q = nullptr, *k = nullptr, *v = nullptr;
  const T* mask = nullptr;                     ///< added to the scores; may be null
  const std::int64_t* mask_of = nullptr;       ///< where each head's begins
  std::int64_t mask_row = 0, mask_column = 0;  ///< its steps; 0 where it is broadcast

  /// How many keys query i sees.
  std::int64_t seen(std::int64_t i) const { return causal ? std::min(keys, i + 1) : keys; }
  /// Pairs of a query and a key that take part, in all heads.
  std::int64_t pairs() const {
    if (!causal) return heads * queries * keys;
    const std::int64_t n = std::min(queries, keys);  // queries before one that sees every key
    return heads * (n * (n + 1) / 2 + (queries - n) * keys);
  }
};

/// What the heads write in backward.
template <class T>
struct AttentionGradients {
  T *q, *k, *v;
};

/// y[heads, queries, value_size] by weights, which are left in `weights` where it is not null.
void attend_by_weights(const Attention<float>& a, float* weights, float* y);
void attend_by_weights(const Attention<double>& a, double* weights, double* y);

/// The gradients from g, that of y; `weights` may be null.
void attend_by_weights_vjp(const Attention<float>& a, const float* g, const float* weights,
                           AttentionGradients<float> d);
void attend_by_weights_vjp(const Attention<double>& a, const double* g, const double* weights,
                           AttentionGradients<double> d);

/// y by blocks (Dao, "FlashAttention-2", 2023; Milakov and Gimelshein, "Online normalizer calculation for
/// softmax", 2018). Leaves in peaks[heads, 2, queries] each query's largest score and the reciprocal of the
/// sum of e^(score - largest): both are 0 for one that sees nothing. They say more than the logarithm of the
/// sum of e^score, whose last places are lost where scores are large.
void attend_by_blocks(const Attention<float>& a, float* peaks, float* y);
void attend_by_blocks(const Attention<double>& a, double* peaks, double* y);

/// The gradients from g; makes each block of weights again.
void attend_by_blocks_vjp(const Attention<float>& a, const float* g, const float* y, const float* peaks,
                          AttentionGradients<float> d);
void attend_by_blocks_vjp(const Attention<double>& a, const double* g, const double* y, const double* peaks,
                          AttentionGradients<double> d);

}  // namespace xgrad::detail
