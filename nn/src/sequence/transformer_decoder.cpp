#include "sequence/transformer_parts.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/nn/call.hpp"

namespace xgrad::nn {

namespace {

/// Attention over the memory, which has no positions of the target's kind.
MultiheadAttentionOptions memory_attention(const TransformerLayerOptions& o) {
  MultiheadAttentionOptions options = detail::self_attention(o);
  options.rotary_base = 0;
  return options;
}

}  // namespace

TransformerDecoderLayer::TransformerDecoderLayer(std::int64_t d_model, std::int64_t nhead,
                                                 TransformerLayerOptions o)
    : self_attn(d_model, nhead, detail::self_attention(o)),
      multihead_attn(d_model, nhead, memory_attention(o)),
      linear1(d_model, o.dim_feedforward, detail::linear_options(o)),
      dropout(o.dropout, o.generator),
      linear2(o.dim_feedforward, d_model, detail::linear_options(o)),
      norm1(d_model, detail::norm_options(o)),
      norm2(d_model, detail::norm_options(o)),
      norm3(d_model, detail::norm_options(o)),
      dropout1(o.dropout, o.generator),
      dropout2(o.dropout, o.generator),
      dropout3(o.dropout, o.generator),
      activation_(o.activation),
      norm_first_(o.norm_first) {}

Tensor TransformerDecoderLayer::attend(const Tensor& x, const DecodeOptions& o, DecoderCache* cache) const {
  return dropout1(self_attn(x, x, x,
                            {.key_padding_mask = o.tgt_key_padding_mask,
                             .attn_mask = o.tgt_mask,
                             .is_causal = o.tgt_is_causal,
                             .cache = cache ? &cache->self : nullptr})
                      .output);
}

Tensor TransformerDecoderLayer::attend_memory(const Tensor& x, const Tensor& memory, const DecodeOptions& o,
                                              DecoderCache* cache) const {
  const AttendOptions options{.key_padding_mask = o.memory_key_padding_mask,
                              .attn_mask = o.memory_mask,
                              .is_causal = o.memory_is_causal};
  if (!cache) return dropout2(multihead_attn(x, memory, memory, options).output);
  if (!cache->memory.keys.defined()) cache->memory = multihead_attn.project(memory, memory);
  return dropout2(multihead_attn.attend(x, cache->memory, options).output);
}

Tensor TransformerDecoderLayer::operator()(const Tensor& tgt, const Tensor& memory,
                                           const DecodeOptions& options, DecoderCache* cache) const {
  return detail::called(*this, [&] {
    detail::check_width("TransformerDecoderLayer", "tgt", tgt, norm1.weight.size(0));
    detail::check_width("TransformerDecoderLayer", "memory", memory, norm1.weight.size(0));
    const auto feed = [&](const Tensor& x) {
      return dropout3(detail::feed_forward(x, linear1, activation_, dropout, linear2));
    };
    if (norm_first_) {
      Tensor x = tgt + attend(norm1(tgt), options, cache);
      x = x + attend_memory(norm2(x), memory, options, cache);
      return x + feed(norm3(x));
    }
    Tensor x = norm1(tgt + attend(tgt, options, cache));
    x = norm2(x + attend_memory(x, memory, options, cache));
    return norm3(x + feed(x));
  });
}

void TransformerDecoderLayer::visit(Visitor& v) {
  v("self_attn", self_attn), v("multihead_attn", multihead_attn);
  v("linear1", linear1), v("dropout", dropout), v("linear2", linear2);
  v("norm1", norm1), v("norm2", norm2), v("norm3", norm3);
  v("dropout1", dropout1), v("dropout2", dropout2), v("dropout3", dropout3);
}

std::string TransformerDecoderLayer::extra_repr() const {
  return detail::layer_repr(activation_, norm_first_);
}

TransformerDecoder::TransformerDecoder(const TransformerDecoderLayer& decoder_layer, std::int64_t num_layers,
                                       std::optional<AnyModule> norm_behind)
    : norm(std::move(norm_behind)) {
  detail::check_layers("TransformerDecoder", num_layers);
  for (std::int64_t i = 0; i < num_layers; ++i) layers.push_back(clone(decoder_layer));
}

Tensor TransformerDecoder::operator()(const Tensor& tgt, const Tensor& memory, const DecodeOptions& options,
                                      std::vector<DecoderCache>* cache) const {
  return detail::called(*this, [&] {
    detail::check_cache("TransformerDecoder", cache, layers.size());
    Tensor x = tgt;
    for (std::size_t i = 0; i < layers.size(); ++i)
      x = layers[i](x, memory, options, cache ? &(*cache)[i] : nullptr);
    return norm ? (*norm)(x) : x;
  });
}

}  // namespace xgrad::nn
