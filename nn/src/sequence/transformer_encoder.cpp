#include "layer.hpp"
#include "number.hpp"
#include "sequence/transformer_parts.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/normalization.hpp"
#include "xgrad/nn/call.hpp"
#include "xgrad/nn/init.hpp"

namespace xgrad::nn {

TransformerEncoderLayer::TransformerEncoderLayer(std::int64_t d_model, std::int64_t nhead,
                                                 TransformerLayerOptions o)
    : self_attn(d_model, nhead, detail::self_attention(o)),
      linear1(d_model, o.dim_feedforward, detail::linear_options(o)),
      dropout(o.dropout, o.generator),
      linear2(o.dim_feedforward, d_model, detail::linear_options(o)),
      norm1(d_model, detail::norm_options(o)),
      norm2(d_model, detail::norm_options(o)),
      dropout1(o.dropout, o.generator),
      dropout2(o.dropout, o.generator),
      activation_(o.activation),
      norm_first_(o.norm_first) {}

Tensor TransformerEncoderLayer::attend(const Tensor& x, const EncodeOptions& o, KeyValues* cache) const {
  return dropout1(self_attn(x, x, x,
                            {.key_padding_mask = o.src_key_padding_mask,
                             .attn_mask = o.src_mask,
                             .is_causal = o.is_causal,
                             .cache = cache})
                      .output);
}

Tensor TransformerEncoderLayer::operator()(const Tensor& src, const EncodeOptions& options,
                                           KeyValues* cache) const {
  return detail::called(*this, [&] {
    detail::check_width("TransformerEncoderLayer", "src", src, norm1.weight.size(0));
    const auto feed = [&](const Tensor& x) {
      return dropout2(detail::feed_forward(x, linear1, activation_, dropout, linear2));
    };
    if (norm_first_) {
      const Tensor x = src + attend(norm1(src), options, cache);
      return x + feed(norm2(x));
    }
    const Tensor x = norm1(src + attend(src, options, cache));
    return norm2(x + feed(x));
  });
}

void TransformerEncoderLayer::visit(Visitor& v) {
  v("self_attn", self_attn), v("linear1", linear1), v("dropout", dropout), v("linear2", linear2);
  v("norm1", norm1), v("norm2", norm2), v("dropout1", dropout1), v("dropout2", dropout2);
}

std::string TransformerEncoderLayer::extra_repr() const {
  return detail::layer_repr(activation_, norm_first_);
}

TransformerEncoder::TransformerEncoder(const TransformerEncoderLayer& encoder_layer, std::int64_t num_layers,
                                       std::optional<AnyModule> norm_behind)
    : norm(std::move(norm_behind)) {
  detail::check_layers("TransformerEncoder", num_layers);
  for (std::int64_t i = 0; i < num_layers; ++i) layers.push_back(clone(encoder_layer));
}

Tensor TransformerEncoder::operator()(const Tensor& src, const EncodeOptions& options,
                                      std::vector<KeyValues>* cache) const {
  return detail::called(*this, [&] {
    detail::check_cache("TransformerEncoder", cache, layers.size());
    Tensor x = src;
    for (std::size_t i = 0; i < layers.size(); ++i) x = layers[i](x, options, cache ? &(*cache)[i] : nullptr);
    return norm ? (*norm)(x) : x;
  });
}

}  // namespace xgrad::nn
