#pragma once

#include <optional>

#include "xgrad/nn/attention.hpp"
#include "xgrad/nn/normalization.hpp"
#include "xgrad/nn/sequential.hpp"

// The layers of Vaswani et al., 2017: attention and two linear layers, each with a residual and a norm. The
// norm stands behind the residual, or, with norm_first, in front of the branch: Xiong et al., 2020.

namespace xgrad::nn {

/// What stands between the two linear layers.
enum class TransformerActivation : std::uint8_t { relu, gelu };

struct TransformerLayerOptions {
  std::int64_t dim_feedforward = 2048;
  double dropout = 0.1;  ///< of attention weights, of the inner layer and of each branch, in training
  TransformerActivation activation = TransformerActivation::relu;
  double layer_norm_eps = 1e-5;
  bool batch_first = false;
  bool norm_first = false;
  bool bias = true;
  std::int64_t num_kv_heads = 0;  ///< of self attention: see MultiheadAttention
  double rotary_base = 0;         ///< of self attention: see MultiheadAttention
  DType dtype = float32;
  Generator generator = default_generator();  ///< draws the first weights and the dropped elements
};

/// Masks as those of MultiheadAttention: true is not looked at.
struct EncodeOptions {
  Tensor src_mask = {};              ///< [steps, steps] or [batch * heads, steps, steps]
  Tensor src_key_padding_mask = {};  ///< [batch, steps]
  bool is_causal = false;            ///< each step sees itself and those before it
};

/// x + self attention, then x + linear2(activation(linear1(x))), each with its norm: x[steps, batch,
/// d_model], or [batch, steps, d_model] with batch_first, or [steps, d_model]. First weights are PyTorch's.
///
/// Throws Error as its parts do: see MultiheadAttention, Linear and Dropout.
class TransformerEncoderLayer : public Module {
 public:
  TransformerEncoderLayer(std::int64_t d_model, std::int64_t nhead, TransformerLayerOptions options = {});

  Tensor forward(const Tensor& src) const override { return (*this)(src, EncodeOptions{}); }
  using Module::operator();
  /// With a cache, src are the steps behind those of earlier calls, which it keeps: see AttendOptions.
  Tensor operator()(const Tensor& src, const EncodeOptions& options, KeyValues* cache = nullptr) const;
  void visit(Visitor& v) override;
  std::string extra_repr() const override;

  MultiheadAttention self_attn;
  Linear linear1;
  Dropout dropout;
  Linear linear2;
  LayerNorm norm1, norm2;
  Dropout dropout1, dropout2;

 private:
  Tensor attend(const Tensor& x, const EncodeOptions& options, KeyValues* cache) const;

  TransformerActivation activation_;
  bool norm_first_;
};

/// Independent copies of one layer on top of each other, and a norm behind them where there is one. As in
/// PyTorch, all start with the weights of that layer. The parameters are `layers.0.self_attn.in_proj_weight`
/// and so on, and `norm.weight`.
class TransformerEncoder : public Module {
 public:
  /// Throws Error for no layers.
  TransformerEncoder(const TransformerEncoderLayer& encoder_layer, std::int64_t num_layers,
                     std::optional<AnyModule> norm = {});

  Tensor forward(const Tensor& src) const override { return (*this)(src, EncodeOptions{}); }
  using Module::operator();
  /// A cache has one place for each layer; an empty one gets them.
  Tensor operator()(const Tensor& src, const EncodeOptions& options,
                    std::vector<KeyValues>* cache = nullptr) const;
  void visit(Visitor& v) override { v("layers", layers), v("norm", norm); }

  std::vector<TransformerEncoderLayer> layers;
  std::optional<AnyModule> norm;
};

/// Masks as those of MultiheadAttention: true is not looked at.
struct DecodeOptions {
  Tensor tgt_mask = {};                 ///< [target, target] or [batch * heads, target, target]
  Tensor memory_mask = {};              ///< [target, source] or [batch * heads, target, source]
  Tensor tgt_key_padding_mask = {};     ///< [batch, target]
  Tensor memory_key_padding_mask = {};  ///< [batch, source]
  bool tgt_is_causal = false;           ///< each step sees itself and those before it
  bool memory_is_causal = false;        ///< step i sees the memory up to i
};

/// What a decoder layer keeps of earlier calls, while a target is made step by step.
struct DecoderCache {
  KeyValues self;    ///< of the target so far
  KeyValues memory;  ///< made by the first call
};

/// x + self attention, x + attention over the memory, x + linear2(activation(linear1(x))), each with its
/// norm: tgt[target, batch, d_model] and memory[source, batch, d_model], or [batch, ...] with batch_first, or
/// without a batch. First weights are PyTorch's. Throws Error as TransformerEncoderLayer does.
class TransformerDecoderLayer : public ModuleBase {
 public:
  TransformerDecoderLayer(std::int64_t d_model, std::int64_t nhead, TransformerLayerOptions options = {});

  /// With a cache, tgt are the steps behind those of earlier calls, and the memory is read by the first call
  /// alone. A memory_mask has then rows for the new steps only.
  Tensor operator()(const Tensor& tgt, const Tensor& memory, const DecodeOptions& options = {},
                    DecoderCache* cache = nullptr) const;
  void visit(Visitor& v) override;
  std::string extra_repr() const override;

  MultiheadAttention self_attn, multihead_attn;
  Linear linear1;
  Dropout dropout;
  Linear linear2;
  LayerNorm norm1, norm2, norm3;
  Dropout dropout1, dropout2, dropout3;

 private:
  Tensor attend(const Tensor& x, const DecodeOptions& options, DecoderCache* cache) const;
  Tensor attend_memory(const Tensor& x, const Tensor& memory, const DecodeOptions& options,
                       DecoderCache* cache) const;

  TransformerActivation activation_;
  bool norm_first_;
};

/// Independent copies of one decoder layer, as TransformerEncoder has them.
class TransformerDecoder : public ModuleBase {
 public:
  /// Throws Error for no layers.
  TransformerDecoder(const TransformerDecoderLayer& decoder_layer, std::int64_t num_layers,
                     std::optional<AnyModule> norm = {});

  /// A cache has one place for each layer; an empty one gets them.
  Tensor operator()(const Tensor& tgt, const Tensor& memory, const DecodeOptions& options = {},
                    std::vector<DecoderCache>* cache = nullptr) const;
  void visit(Visitor& v) override { v("layers", layers), v("norm", norm); }

  std::vector<TransformerDecoderLayer> layers;
  std::optional<AnyModule> norm;
};

struct TransformerOptions {
  std::int64_t num_encoder_layers = 6, num_decoder_layers = 6;
  TransformerLayerOptions layer = {};  ///< of every layer
};

/// Masks as those of MultiheadAttention: true is not looked at.
struct TransformOptions {
  Tensor src_mask = {}, tgt_mask = {}, memory_mask = {};
  Tensor src_key_padding_mask = {}, tgt_key_padding_mask = {}, memory_key_padding_mask = {};
  bool src_is_causal = false, tgt_is_causal = false, memory_is_causal = false;
};

/// An encoder whose output is the memory of a decoder, each with a norm behind its layers. Matrices are
/// xavier_uniform_ at first, drawn again when all layers are there, as PyTorch draws them. Throws Error as
/// its layers do.
class Transformer : public ModuleBase {
 public:
  explicit Transformer(std::int64_t d_model = 512, std::int64_t nhead = 8,
                       const TransformerOptions& options = {});

  /// decoder(tgt, encoder(src)): src[source, batch, d_model] and tgt[target, batch, d_model], or [batch, ...]
  /// with batch_first, or without a batch.
  Tensor operator()(const Tensor& src, const Tensor& tgt, const TransformOptions& options = {}) const;
  void visit(Visitor& v) override { v("encoder", encoder), v("decoder", decoder); }

  TransformerEncoder encoder;
  TransformerDecoder decoder;
};

}  // namespace xgrad::nn
