// Layers for sequences against PyTorch: names, shapes, values, gradients, first weights, and what is dropped.

#include <fstream>
#include <map>

#include "nn/sequence_layers.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

const Json& reference() {
  static const Json all = Json::parse(std::ifstream(XGRAD_TEST_DATA "/sequence_layers.json"));
  return all;
}

/// The k-th tensor of a case, from the formula in tests/golden/sequence_layers.py.
Tensor filled(std::int64_t k, const Shape& shape) {
  std::vector<double> v;
  for (std::int64_t i = 0; i < shape.numel(); ++i)
    v.push_back(static_cast<double>((7919 * i + 104729 * k + 13) % 1009) / 1009 - 0.5);
  return tensor(v, shape);
}

Shape shape_of(const Json& j) { return Shape(j.get<std::vector<std::int64_t>>()); }

/// A mask from nested lists of booleans or numbers.
Tensor mask_of(const Json& rows) {
  Shape shape;
  for (const Json* j = &rows; j->is_array(); j = &j->front()) shape.push_back(std::ssize(*j));
  std::vector<double> numbers;
  bool is_boolean = false;
  const Json flat = rows.flatten();
  for (const Json& value : flat) {
    is_boolean = value.is_boolean();
    numbers.push_back(is_boolean ? value.get<bool>() : value.get<double>());
  }
  return tensor(numbers, shape).to(is_boolean ? boolean : float64);
}

/// What a case is called with: inputs and masks by name, undefined where there is none.
struct Inputs {
  std::map<std::string, Tensor> x, masks;
  Tensor lengths;
  bool need_weights, average;

  explicit Inputs(const Json& options)
      : need_weights(options.value("need_weights", false)),
        average(options.value("average_attn_weights", true)) {
    if (options.contains("lengths")) lengths = tensor(options["lengths"].get<std::vector<std::int64_t>>());
    if (options.contains("masks"))
      for (const auto& [name, rows] : options["masks"].items()) masks[name] = mask_of(rows);
  }
  Tensor operator[](const char* name) const { return x.contains(name) ? x.at(name) : Tensor(); }
  Tensor mask(const char* name) const { return masks.contains(name) ? masks.at(name) : Tensor(); }
};

using Outputs = std::vector<Tensor>;

template <class L>
requires(std::same_as<L, nn::RNN> || std::same_as<L, nn::GRU>) Outputs call(const L& layer, const Inputs& x) {
  const auto [outputs, h] = layer(x["x"], x["h"], x.lengths);
  return {outputs, h};
}
Outputs call(const nn::LSTM& layer, const Inputs& x) {
  const auto [outputs, state] = layer(x["x"], {x["h"], x["c"]}, x.lengths);
  return {outputs, state.h, state.c};
}
template <class L>
requires(std::same_as<L, nn::RNNCell> || std::same_as<L, nn::GRUCell>) Outputs
    call(const L& cell, const Inputs& x) {
  return {cell(x["x"], x["h"])};
}
Outputs call(const nn::LSTMCell& cell, const Inputs& x) {
  const LstmState next = cell(x["x"], {x["h"], x["c"]});
  return {next.h, next.c};
}
Outputs call(const nn::MultiheadAttention& attention, const Inputs& x) {
  const Tensor query = x["query"], key = x["key"].defined() ? x["key"] : query,
               value = x["value"].defined() ? x["value"] : key;
  const auto [y, weights] = attention(query, key, value,
                                      {.key_padding_mask = x.mask("key_padding_mask"),
                                       .need_weights = x.need_weights,
                                       .attn_mask = x.mask("attn_mask"),
                                       .average_attn_weights = x.average});
  CHECK(weights.defined() == x.need_weights);
  return weights.defined() ? Outputs{y, weights} : Outputs{y};
}
template <class L>
requires(std::same_as<L, nn::TransformerEncoderLayer> || std::same_as<L, nn::TransformerEncoder>) Outputs
    call(const L& encoder, const Inputs& x) {
  return {encoder(x["src"],
                  {.src_mask = x.mask("src_mask"), .src_key_padding_mask = x.mask("src_key_padding_mask")})};
}
template <class L>
requires(std::same_as<L, nn::TransformerDecoderLayer> || std::same_as<L, nn::TransformerDecoder>) Outputs
    call(const L& decoder, const Inputs& x) {
  return {decoder(x["tgt"], x["memory"],
                  {.tgt_mask = x.mask("tgt_mask"),
                   .memory_mask = x.mask("memory_mask"),
                   .tgt_key_padding_mask = x.mask("tgt_key_padding_mask"),
                   .memory_key_padding_mask = x.mask("memory_key_padding_mask")})};
}

Outputs call(const nn::Transformer& model, const Inputs& x) {
  return {model(x["src"], x["tgt"],
                {.src_mask = x.mask("src_mask"),
                 .tgt_mask = x.mask("tgt_mask"),
                 .memory_mask = x.mask("memory_mask"),
                 .src_key_padding_mask = x.mask("src_key_padding_mask"),
                 .tgt_key_padding_mask = x.mask("tgt_key_padding_mask"),
                 .memory_key_padding_mask = x.mask("memory_key_padding_mask")})};
}

void check_close(const std::string& what, const Tensor& got, const Json& want) {
  CAPTURE(what);
  const auto expected = want.get<std::vector<double>>();
  const auto found = got.to_vector<double>();
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-13).scale(10));
  }
}

template <class M>
void check_case(M& model, const Json& c) {
  model.train(c["options"].contains("seed"));
  std::int64_t k = 0;
  Outputs leaves;
  const auto parameters = model.named_parameters();
  REQUIRE(parameters.size() == c["parameters"].size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Tensor p = parameters[i].tensor;
    REQUIRE(parameters[i].name == c["parameters"][i][0].get<std::string>());
    REQUIRE(p.shape() == shape_of(c["parameters"][i][1]));
    const NoGrad unrecorded;
    p.copy_(filled(k++, p.shape()));
    leaves.push_back(p);
  }
  Inputs inputs(c["options"]);
  for (const Json& input : c["inputs"]) {
    leaves.push_back(filled(k++, shape_of(input[1])).requires_grad_());
    inputs.x[input[0].get<std::string>()] = leaves.back();
  }
  if (c["options"].contains("seed")) manual_seed(c["options"]["seed"].get<std::uint64_t>());

  const Outputs outputs = call(model, inputs);
  Tensor loss = zeros({}, float64);
  for (const Tensor& y : outputs) loss = loss + sum(y * filled(k++, y.shape()));
  loss.backward();

  REQUIRE(outputs.size() == c["outputs"].size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    CHECK(outputs[i].shape() == shape_of(c["outputs"][i][0]));
    check_close("output " + std::to_string(i), outputs[i], c["outputs"][i][1]);
  }
  for (std::size_t i = 0; i < leaves.size(); ++i)
    check_close("gradient of leaf " + std::to_string(i), leaves[i].grad(), c["gradients"][i]);
}

}  // namespace

TEST_CASE("layers for sequences have PyTorch's names, values and gradients") {
  REQUIRE(reference()["cases"].size() > 25);
  for (const Json& c : reference()["cases"]) {
    const auto layer = c["layer"].get<std::string>();
    CAPTURE(layer);
    CAPTURE(c["args"].dump());
    CAPTURE(c["options"].dump());

    with_layer(layer, c["args"], float64, [&](auto model) { check_case(model, c); });
  }
}

TEST_CASE("the same seed gives the same layers for sequences as PyTorch") {
  REQUIRE(reference()["first_weights"].size() > 10);
  for (const Json& c : reference()["first_weights"]) {
    const auto layer = c["layer"].get<std::string>();
    CAPTURE(layer);
    manual_seed(42);

    with_layer(layer, c["args"], float32, [&](const auto& model) {
      const auto parameters = model.named_parameters();
      REQUIRE(parameters.size() == c["parameters"].size());
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        CHECK(parameters[i].name == c["parameters"][i][0].template get<std::string>());
        CHECK(parameters[i].tensor.template to_vector<float>() ==
              c["parameters"][i][1].template get<std::vector<float>>());
      }
    });
  }
}
