#pragma once

#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/nn/transformer.hpp"

// What encoder and decoder layers share.

namespace xgrad::nn::detail {

inline MultiheadAttentionOptions self_attention(const TransformerLayerOptions& o) {
  return {.dropout = o.dropout,
          .bias = o.bias,
          .batch_first = o.batch_first,
          .num_kv_heads = o.num_kv_heads,
          .rotary_base = o.rotary_base,
          .dtype = o.dtype,
          .generator = o.generator};
}

inline LayerNormOptions norm_options(const TransformerLayerOptions& o) {
  return {.eps = o.layer_norm_eps, .bias = o.bias, .dtype = o.dtype};
}

inline LinearOptions linear_options(const TransformerLayerOptions& o) {
  return {.bias = o.bias, .dtype = o.dtype, .generator = o.generator};
}

/// linear2(dropout(activation(linear1(x)))).
inline Tensor feed_forward(const Tensor& x, const Linear& linear1, TransformerActivation activation,
                           const Dropout& dropout, const Linear& linear2) {
  const bool smooth = activation == TransformerActivation::gelu;
  const Tensor inner = smooth ? gelu(linear1(x)) : linear(x, linear1.weight, linear1.bias, Activation::relu);
  return linear2(dropout(inner));
}

/// The options that the parts do not show.
inline std::string layer_repr(TransformerActivation activation, bool norm_first) {
  return std::string("activation=") + (activation == TransformerActivation::gelu ? "gelu" : "relu") +
         ", norm_first=" + (norm_first ? "true" : "false");
}

/// Throws Error unless the last size of x is d_model: a norm in front of a branch would speak of its own.
inline void check_width(const char* name, const char* what, const Tensor& x, std::int64_t d_model) {
  const int rank = x.dim(name);
  if (rank < 2 || rank > 3 || x.size(-1) != d_model)
    throw Error(std::string(name) + ": " + what + " must have two or three axes, the last of d_model = " +
                std::to_string(d_model) + ": " + what + " is " + x.describe());
}

inline void check_layers(const char* name, std::int64_t num_layers) {
  if (num_layers < 1)
    throw Error(std::string(name) + ": there must be a layer: num_layers = " + std::to_string(num_layers));
}

/// A place in the cache for each of `layers`, if there is a cache.
template <class C>
void check_cache(const char* name, std::vector<C>* cache, std::size_t layers) {
  if (!cache) return;
  if (cache->empty()) cache->resize(layers);
  if (cache->size() != layers)
    throw Error(std::string(name) + ": the cache must be empty, or have a place for each of the " +
                std::to_string(layers) + " layers: it has " + std::to_string(cache->size()));
}

}  // namespace xgrad::nn::detail
