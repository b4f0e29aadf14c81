#include "xgrad/nn/transformer.hpp"

#include "sequence/transformer_parts.hpp"
#include "xgrad/nn/call.hpp"
#include "xgrad/nn/init.hpp"

namespace xgrad::nn {

namespace {

LayerNorm last_norm(std::int64_t d_model, const TransformerLayerOptions& o) {
  return LayerNorm(d_model, detail::norm_options(o));
}

}  // namespace

Transformer::Transformer(std::int64_t d_model, std::int64_t nhead, const TransformerOptions& o)
    : encoder(TransformerEncoderLayer(d_model, nhead, o.layer), o.num_encoder_layers,
              last_norm(d_model, o.layer)),
      decoder(TransformerDecoderLayer(d_model, nhead, o.layer), o.num_decoder_layers,
              last_norm(d_model, o.layer)) {
  for (const Tensor& p : parameters())
    if (p.dim() > 1) init::xavier_uniform_(p, 1, o.layer.generator);
}

Tensor Transformer::operator()(const Tensor& src, const Tensor& tgt, const TransformOptions& o) const {
  return detail::called(*this, [&] {
    const Tensor memory = encoder(src, {.src_mask = o.src_mask,
                                        .src_key_padding_mask = o.src_key_padding_mask,
                                        .is_causal = o.src_is_causal});
    return decoder(tgt, memory,
                   {.tgt_mask = o.tgt_mask,
                    .memory_mask = o.memory_mask,
                    .tgt_key_padding_mask = o.tgt_key_padding_mask,
                    .memory_key_padding_mask = o.memory_key_padding_mask,
                    .tgt_is_causal = o.tgt_is_causal,
                    .memory_is_causal = o.memory_is_causal});
  });
}

}  // namespace xgrad::nn
