// The layers of a transformer. Their values are held to PyTorch's in sequence_reference.cpp.

#include "xgrad/nn/transformer.hpp"

#include <doctest/doctest.h>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;

namespace {

using Names = std::vector<std::string>;

Tensor input(const Shape& shape, std::uint64_t seed = 1) { return randn(shape, float64, Generator(seed)); }

bool close(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && allclose(a, b, 1e-11, 1e-12);
}

Tensor above_diagonal(std::int64_t n) { return triu(ones({n, n}), 1).to(boolean); }

nn::TransformerLayerOptions small(bool norm_first = false) {
  return {.dim_feedforward = 3, .dropout = 0, .norm_first = norm_first, .dtype = float64};
}

/// Small layers whose weights are all different from each other.
nn::TransformerEncoder encoder(bool norm_first = false) {
  nn::TransformerEncoder model(nn::TransformerEncoderLayer(4, 2, small(norm_first)), 2);
  for (const Tensor& p : model.parameters()) nn::init::uniform_(p, -0.5, 0.5);
  return model;
}
nn::TransformerDecoder decoder(bool norm_first = false) {
  nn::TransformerDecoder model(nn::TransformerDecoderLayer(4, 2, small(norm_first)), 2);
  for (const Tensor& p : model.parameters()) nn::init::uniform_(p, -0.5, 0.5);
  return model;
}

Names names_of(const nn::ModuleBase& model) {
  Names names;
  for (const auto& [name, tensor] : model.named_parameters()) names.push_back(name);
  return names;
}

}  // namespace

TEST_CASE("is_causal is the mask of what comes later, in all layers") {
  const Tensor x = input({3, 2, 4}), memory = input({3, 2, 4}, 2), later = above_diagonal(3);
  const auto encode = encoder();
  const auto decode = decoder();

  CHECK(close(encode(x, {.is_causal = true}), encode(x, {.src_mask = later})));
  CHECK_FALSE(close(encode(x, {.is_causal = true}), encode(x)));
  CHECK(close(decode(x, memory, {.tgt_is_causal = true}), decode(x, memory, {.tgt_mask = later})));
  CHECK(close(decode(x, memory, {.memory_is_causal = true}), decode(x, memory, {.memory_mask = later})));
  CHECK_FALSE(
      close(decode(x, memory, {.tgt_is_causal = true}), decode(x, memory, {.memory_is_causal = true})));
}

TEST_CASE("an encoder with a cache makes a causal sequence step by step") {
  const Tensor x = input({4, 2, 4});
  for (const bool norm_first : {false, true}) {
    const auto model = encoder(norm_first);
    const Tensor whole = model(x, {.is_causal = true});

    std::vector<nn::KeyValues> cache;
    std::vector<Tensor> parts;
    for (std::int64_t t = 0; t < 4; ++t)
      parts.push_back(model(x.slice(0, t, t + 1), {.is_causal = true}, &cache));

    CHECK(close(cat(parts), whole));
    CHECK(cache.size() == 2);
  }
}

TEST_CASE("a decoder with a cache makes a target step by step, and reads the memory once") {
  const Tensor x = input({4, 2, 4}), memory = input({3, 2, 4}, 2);
  const Tensor padding = tensor({{false, false, true}, {false, false, false}});
  for (const bool norm_first : {false, true}) {
    const auto model = decoder(norm_first);
    const Tensor whole = model(x, memory, {.memory_key_padding_mask = padding, .tgt_is_causal = true});

    std::vector<nn::DecoderCache> cache;
    std::vector<Tensor> parts;
    for (std::int64_t t = 0; t < 4; ++t)
      parts.push_back(model(x.slice(0, t, t + 1), t == 0 ? memory : zeros_like(memory),
                            {.memory_key_padding_mask = padding, .tgt_is_causal = true}, &cache));

    CHECK(close(cat(parts), whole));
  }
}

TEST_CASE("layers take groups of queries and rotary positions") {
  nn::TransformerLayerOptions options = small();
  options.num_kv_heads = 1, options.rotary_base = 100;
  const nn::TransformerDecoderLayer layer(8, 4, options);
  const Tensor x = input({3, 2, 8});

  CHECK(layer.self_attn.in_proj_weight.shape() == Shape{12, 8});
  CHECK(layer.self_attn.extra_repr() == "8, 4, num_kv_heads=1, rotary_base=100");
  CHECK(layer.multihead_attn.extra_repr() == "8, 4, num_kv_heads=1");
  CHECK(layer(x, x).shape() == x.shape());
}

TEST_CASE("a stack has independent copies of its layer, with the same first weights") {
  nn::TransformerEncoderLayer layer(4, 2, small());
  nn::TransformerEncoder model(layer, 2, nn::LayerNorm(4, {.dtype = float64}));

  CHECK(equal(model.layers[0].linear1.weight, layer.linear1.weight));
  CHECK(equal(model.layers[1].linear1.weight, layer.linear1.weight));
  nn::init::zeros_(layer.linear1.weight);
  nn::init::ones_(model.layers[0].linear1.weight);
  CHECK_FALSE(equal(model.layers[1].linear1.weight, layer.linear1.weight));
  CHECK_FALSE(equal(model.layers[1].linear1.weight, model.layers[0].linear1.weight));
  CHECK(model.parameters().size() == 2 * 12 + 2);
}

TEST_CASE("parameters of transformers have PyTorch's names") {
  const Names layer = {"self_attn.in_proj_weight",
                       "self_attn.in_proj_bias",
                       "self_attn.out_proj.weight",
                       "self_attn.out_proj.bias",
                       "linear1.weight",
                       "linear1.bias",
                       "linear2.weight",
                       "linear2.bias",
                       "norm1.weight",
                       "norm1.bias",
                       "norm2.weight",
                       "norm2.bias"};
  CHECK(names_of(nn::TransformerEncoderLayer(4, 2, small())) == layer);
  const nn::TransformerEncoder model(nn::TransformerEncoderLayer(4, 2, small()), 2,
                                     nn::LayerNorm(4, {.dtype = float64}));
  const Names all = names_of(model);
  CHECK(all[0] == "layers.0.self_attn.in_proj_weight");
  CHECK(all[12] == "layers.1.self_attn.in_proj_weight");
  CHECK(all[24] == "norm.weight");
  CHECK(all[25] == "norm.bias");
  nn::TransformerLayerOptions unbiased = small();
  unbiased.bias = false;
  CHECK(names_of(nn::TransformerDecoderLayer(4, 2, unbiased)) ==
        Names{"self_attn.in_proj_weight", "self_attn.out_proj.weight", "multihead_attn.in_proj_weight",
              "multihead_attn.out_proj.weight", "linear1.weight", "linear2.weight", "norm1.weight",
              "norm2.weight", "norm3.weight"});
}

TEST_CASE("a transformer is cloned, moved and loaded") {
  const Tensor x = randn({3, 2, 4});
  nn::TransformerLayerOptions options = small();
  options.dtype = float32;
  nn::TransformerDecoder model(nn::TransformerDecoderLayer(4, 2, options), 2, nn::LayerNorm(4));
  nn::TransformerDecoder other(nn::TransformerDecoderLayer(4, 2, options), 2, nn::LayerNorm(4));
  const Tensor before = model(x, x).detach();

  nn::TransformerDecoder copy = clone(model);
  load_state_dict(other, state_dict(model));
  for (const Tensor& p : model.parameters()) nn::init::zeros_(p);

  CHECK(equal(copy(x, x), before));
  CHECK(equal(other(x, x), before));
  copy.to(float64);
  CHECK(copy(x.to(float64), x.to(float64)).dtype() == float64);
}

TEST_CASE("an encoder is a layer of a Sequential, where every mode reaches it") {
  nn::Sequential net{
      nn::Linear(2, 4, {.dtype = float64}),
      nn::TransformerEncoderLayer(4, 2, {.dim_feedforward = 3, .dropout = 0.5, .dtype = float64}),
      nn::TransformerEncoder(nn::TransformerEncoderLayer(4, 2, small()), 1)};
  const Tensor x = input({3, 2, 2});

  CHECK_FALSE(equal(net(x), net(x)));
  net.eval();
  CHECK(equal(net(x), net(x)));
}

TEST_CASE("gradients of transformer layers are right to second order in both modes") {
  for (const bool training : {true, false})
    for (const bool norm_first : {true, false}) {
      CAPTURE(training);
      CAPTURE(norm_first);
      const nn::TransformerLayerOptions options{.dim_feedforward = 2,
                                                .dropout = 0.25,
                                                .activation = nn::TransformerActivation::gelu,
                                                .norm_first = norm_first};
      nn::TransformerEncoderLayer encode(2, 1, options);
      nn::TransformerDecoderLayer decode(2, 1, options);
      encode.train(training), decode.train(training);
      const Tensor x = input({3, 1, 2}), memory = input({2, 1, 2}, 2);

      const GradcheckResult e = gradcheck(encode,
                                          [](const nn::TransformerEncoderLayer& m, const Tensor& t) {
                                            manual_seed(1);  // so that each call drops the same elements
                                            return m(t, {.is_causal = true});
                                          },
                                          {x}, {.order = 2});
      const GradcheckResult d =
          gradcheck(decode,
                    [](const nn::TransformerDecoderLayer& m, const Tensor& t, const Tensor& u) {
                      manual_seed(1);
                      return m(t, u, {.tgt_is_causal = true});
                    },
                    {x, memory}, {.order = 2});

      CHECK_MESSAGE(e.ok(), e.str());
      CHECK_MESSAGE(d.ok(), d.str());
      CHECK(d.inputs.size() == decode.parameters().size() + 2);
    }
}

TEST_CASE("a transformer is its decoder behind its encoder") {
  nn::Transformer model(4, 2, {.num_encoder_layers = 1, .num_decoder_layers = 2, .layer = small()});
  const Tensor src = input({4, 2, 4}), tgt = input({3, 2, 4}, 2);

  const Tensor y = model(src, tgt, {.src_is_causal = true, .tgt_is_causal = true, .memory_is_causal = true});

  const Tensor memory = model.encoder(src, {.is_causal = true});
  CHECK(equal(y, model.decoder(tgt, memory, {.tgt_is_causal = true, .memory_is_causal = true})));
  CHECK_FALSE(close(y, model(src, tgt)));
  nn::Transformer copy = clone(model);
  for (const Tensor& p : model.parameters()) nn::init::zeros_(p);
  CHECK_FALSE(close(copy(src, tgt), model(src, tgt)));
  CHECK(copy.named_parameters().back().name == "decoder.norm.bias");
  CHECK(gradcheck(nn::Transformer(2, 1,
                                  {.num_encoder_layers = 1,
                                   .num_decoder_layers = 1,
                                   .layer = {.dim_feedforward = 1, .dropout = 0}}),
                  {input({2, 1, 2}), input({2, 1, 2}, 2)}, {.order = 2})
            .ok());
}

TEST_CASE("a batch of none, a batch of one and single sequences go through a transformer") {
  const auto encode = encoder(), pre = encoder(true);
  const auto decode = decoder();
  const Tensor x = input({3, 4}), memory = input({2, 4}, 2);

  CHECK(close(encode(x), squeeze(encode(unsqueeze(x, 1)), 1)));
  CHECK(close(pre(x), squeeze(pre(unsqueeze(x, 1)), 1)));
  CHECK(close(decode(x, memory), squeeze(decode(unsqueeze(x, 1), unsqueeze(memory, 1)), 1)));
  CHECK(encode(zeros({3, 0, 4}, float64)).shape() == Shape{3, 0, 4});
  CHECK(decode(zeros({3, 0, 4}, float64), zeros({2, 0, 4}, float64)).shape() == Shape{3, 0, 4});
}

TEST_CASE("a transformer layer is printed with its parts") {
  const std::string text = nn::TransformerEncoderLayer(4, 2, small(true)).str();

  CHECK(text ==
        "TransformerEncoderLayer(\n"
        "  activation=relu, norm_first=true\n"
        "  (self_attn): MultiheadAttention(\n"
        "    4, 2\n"
        "    (out_proj): Linear(in_features=4, out_features=4, bias=true)\n"
        "  )\n"
        "  (linear1): Linear(in_features=4, out_features=3, bias=true)\n"
        "  (dropout): Dropout(p=0)\n"
        "  (linear2): Linear(in_features=3, out_features=4, bias=true)\n"
        "  (norm1): LayerNorm([4], eps=1e-05, elementwise_affine=true)\n"
        "  (norm2): LayerNorm([4], eps=1e-05, elementwise_affine=true)\n"
        "  (dropout1): Dropout(p=0)\n"
        "  (dropout2): Dropout(p=0)\n"
        ")");
}

TEST_CASE("what does not fit a transformer is an error that names the layer") {
  const auto encode = encoder(true);
  const auto decode = decoder(true);
  const Tensor x = zeros({3, 2, 4}, float64);

  CHECK_THROWS_WITH_AS(
      encode(zeros({3, 2, 5}, float64)),
      "TransformerEncoderLayer \"layers.0\": src must have two or three axes, the last of d_model = 4: "
      "src is f64[3, 2, 5]",
      Error);
  CHECK_THROWS_WITH_AS(
      decode(x, zeros({4}, float64)),
      "TransformerDecoderLayer \"layers.0\": memory must have two or three axes, the last of d_model = 4: "
      "memory is f64[4]",
      Error);
  CHECK_THROWS_WITH_AS(
      decode(zeros({3, 2, 5}, float64), x),
      "TransformerDecoderLayer \"layers.0\": tgt must have two or three axes, the last of d_model = 4: "
      "tgt is f64[3, 2, 5]",
      Error);
  CHECK_THROWS_WITH_AS(nn::TransformerEncoder(nn::TransformerEncoderLayer(4, 2, small()), 0),
                       "TransformerEncoder: there must be a layer: num_layers = 0", Error);
  CHECK_THROWS_WITH_AS(nn::TransformerDecoder(nn::TransformerDecoderLayer(4, 2, small()), 0),
                       "TransformerDecoder: there must be a layer: num_layers = 0", Error);
  std::vector<nn::KeyValues> cache(3);
  CHECK_THROWS_WITH_AS(
      encode(x, {}, &cache),
      "TransformerEncoder: the cache must be empty, or have a place for each of the 2 layers: "
      "it has 3",
      Error);
}
