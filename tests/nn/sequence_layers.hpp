#pragma once

// The layers for sequences by PyTorch's names and arguments, as tests/golden/sequence_layers.py has them.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

namespace xgrad::test {

using Json = nlohmann::json;

/// Calls f(layer) with the layer of this name and these arguments.
template <class F>
void with_layer(const std::string& name, const Json& a, DType dtype, F f) {
  const auto size = [&](const char* argument) { return a.at(argument).get<std::int64_t>(); };
  const bool relu = a.value("nonlinearity", "tanh") == "relu";
  const auto recurrent = [&]<class Options>(Options o) {
    o.num_layers = a.value("num_layers", 1);
    o.bias = a.value("bias", true);
    o.batch_first = a.value("batch_first", false);
    o.dropout = a.value("dropout", 0.0);
    o.bidirectional = a.value("bidirectional", false);
    o.dtype = dtype;
    if constexpr (requires { o.proj_size; }) o.proj_size = a.value("proj_size", 0);
    if constexpr (requires { o.nonlinearity; }) o.nonlinearity = relu ? Activation::relu : Activation::tanh;
    return o;
  };
  const auto layer = [&] {
    return nn::TransformerLayerOptions{.dim_feedforward = size("dim_feedforward"),
                                       .dropout = a.value("dropout", 0.1),
                                       .activation = a.value("activation", "relu") == "gelu"
                                                         ? nn::TransformerActivation::gelu
                                                         : nn::TransformerActivation::relu,
                                       .layer_norm_eps = a.value("layer_norm_eps", 1e-5),
                                       .batch_first = a.value("batch_first", false),
                                       .norm_first = a.value("norm_first", false),
                                       .dtype = dtype};
  };
  const auto norm = [&] { return nn::LayerNorm(size("d_model"), {.dtype = dtype}); };
  const nn::RecurrentCellOptions cell{.bias = a.value("bias", true), .dtype = dtype};
  const auto in = [&] { return size("input_size"); };
  const auto hidden = [&] { return size("hidden_size"); };
  if (name == "RNN") return f(nn::RNN(in(), hidden(), recurrent(nn::RnnOptions{})));
  if (name == "LSTM") return f(nn::LSTM(in(), hidden(), recurrent(nn::LstmOptions{})));
  if (name == "GRU") return f(nn::GRU(in(), hidden(), recurrent(nn::GruOptions{})));
  if (name == "RNNCell")
    return f(nn::RNNCell(
        in(), hidden(),
        {.bias = cell.bias, .nonlinearity = relu ? Activation::relu : Activation::tanh, .dtype = dtype}));
  if (name == "LSTMCell") return f(nn::LSTMCell(in(), hidden(), cell));
  if (name == "GRUCell") return f(nn::GRUCell(in(), hidden(), cell));
  if (name == "MultiheadAttention")
    return f(nn::MultiheadAttention(size("embed_dim"), size("num_heads"),
                                    {.dropout = a.value("dropout", 0.0),
                                     .bias = a.value("bias", true),
                                     .kdim = a.value("kdim", 0),
                                     .vdim = a.value("vdim", 0),
                                     .batch_first = a.value("batch_first", false),
                                     .dtype = dtype}));
  const std::int64_t d_model = size("d_model"), heads = size("nhead"), layers = a.value("num_layers", 1);
  if (name == "TransformerEncoderLayer") return f(nn::TransformerEncoderLayer(d_model, heads, layer()));
  if (name == "TransformerDecoderLayer") return f(nn::TransformerDecoderLayer(d_model, heads, layer()));
  if (name == "TransformerEncoder")
    return f(nn::TransformerEncoder(nn::TransformerEncoderLayer(d_model, heads, layer()), layers, norm()));
  if (name == "TransformerDecoder")
    return f(nn::TransformerDecoder(nn::TransformerDecoderLayer(d_model, heads, layer()), layers, norm()));
  if (name == "Transformer")
    return f(nn::Transformer(d_model, heads,
                             {.num_encoder_layers = size("num_encoder_layers"),
                              .num_decoder_layers = size("num_decoder_layers"),
                              .layer = layer()}));
  FAIL("there is no layer " << name);
}

}  // namespace xgrad::test
