#pragma once

// Models of each family, with inputs for them.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/onnx.hpp"

namespace xgrad::test {

/// A model that is called with tensors, and its weights by name.
struct AnyModel {
  std::string name;
  std::shared_ptr<nn::ModuleBase> module;
  TensorFunction call;
  std::vector<Tensor> inputs, larger;  ///< of another batch
  std::vector<int> batch_axes = {};

  onnx::SaveOptions options() const {
    onnx::SaveOptions o{.batch_axes = batch_axes};
    if (!module) return o;
    o.weights = module->named_parameters();
    for (const NamedTensor& t : module->named_buffers()) o.weights.push_back(t);
    return o;
  }
};

template <class M, class F>
AnyModel model_of(std::string name, M module, F call, std::vector<Tensor> inputs, std::vector<Tensor> larger,
                  std::vector<int> batch_axes = {}) {
  auto shared = std::make_shared<M>(std::move(module));
  shared->eval();
  return {std::move(name),
          shared,
          [shared, call](const std::vector<Tensor>& x) { return call(*shared, x); },
          std::move(inputs),
          std::move(larger),
          std::move(batch_axes)};
}

/// Models in a dtype, with values that every run has again.
inline std::vector<AnyModel> models(DType t) {
  manual_seed(3);
  using Tensors = std::vector<Tensor>;
  const auto chain = [](const auto& m, const Tensors& x) { return Tensors{m(x[0])}; };
  const auto x = [&](std::vector<std::int64_t> sizes) {
    Tensors both;
    for (std::int64_t batch : {3, 5}) {
      sizes[0] = batch;
      both.push_back(randn(Shape(sizes), t));
    }
    return both;
  };
  std::vector<AnyModel> all;
  const auto add = [&](std::string name, auto module, auto call, const Tensors& input) {
    module.to(t);
    all.push_back(model_of(std::move(name), std::move(module), call, {input[0]}, {input[1]}));
  };
  using namespace nn;
  add("mlp", Sequential(Linear(6, 8), ReLU(), BatchNorm1d(8), Dropout(0.5), Linear(8, 3), Softmax(1)), chain,
      x({0, 6}));
  add("cnn",
      Sequential(Conv2d(2, 4, 3, {.padding = 1}), BatchNorm2d(4), ReLU(), MaxPool2d(2),
                 Conv2d(4, 4, 3, {.groups = 2, .bias = false}), GroupNorm(2, 4), AvgPool2d(2), Flatten(),
                 Linear(8, 3)),
      chain, x({0, 2, 12, 10}));
  add("decoder",
      Sequential(ConvTranspose2d(3, 4, 4, {.stride = 2, .padding = 1}), GELU(), Upsample({.scale_factor = 2}),
                 Conv2d(4, 2, 3), Tanh()),
      chain, x({0, 3, 4, 5}));
  add("signal",
      Sequential(Conv1d(3, 4, 3, {.padding = 2, .dilation = 2}), SiLU(), MaxPool1d(2), LayerNorm(5),
                 Softplus()),
      chain, x({0, 3, 10}));
  add(
      "lstm", LSTM(4, 5, {.num_layers = 2, .batch_first = true, .bidirectional = true}),
      [](const LSTM& m, const Tensors& in) {
        const LstmResult r = m(in[0]);
        return Tensors{r.outputs, r.state.h, r.state.c};
      },
      x({0, 6, 4}));
  add(
      "gru", GRU(4, 5, {.batch_first = true}),
      [](const GRU& m, const Tensors& in) { return Tensors{m(in[0]).outputs}; }, x({0, 6, 4}));
  add(
      "rnn", RNN(4, 5, {.nonlinearity = Activation::relu, .batch_first = true}),
      [](const RNN& m, const Tensors& in) { return Tensors{m(in[0]).outputs}; }, x({0, 6, 4}));
  add(
      "transformer",
      TransformerEncoder(
          TransformerEncoderLayer(
              8, 2, {.dim_feedforward = 12, .activation = TransformerActivation::gelu, .batch_first = true}),
          2),
      [](const TransformerEncoder& m, const Tensors& in) { return Tensors{m(in[0])}; }, x({0, 5, 8}));
  const auto pair = [&](std::string name, auto module, auto call, const Tensors& a, const Tensors& b) {
    module.to(t);
    all.push_back(model_of(std::move(name), std::move(module), call, {a[0], b[0]}, {a[1], b[1]}));
  };
  pair(
      "attention", MultiheadAttention(8, 2, {.batch_first = true}),
      [](const MultiheadAttention& m, const Tensors& in) { return Tensors{m(in[0], in[1], in[1]).output}; },
      x({0, 4, 8}), x({0, 6, 8}));
  pair(
      "decoder layer",
      TransformerDecoderLayer(8, 2, {.dim_feedforward = 12, .batch_first = true, .norm_first = true}),
      [](const TransformerDecoderLayer& m, const Tensors& in) { return Tensors{m(in[0], in[1])}; },
      x({0, 4, 8}), x({0, 6, 8}));
  pair(
      "gru cell", GRUCell(4, 5), [](const GRUCell& m, const Tensors& in) { return Tensors{m(in[0], in[1])}; },
      x({0, 4}), x({0, 5}));
  pair(
      "rnn cell", RNNCell(4, 5), [](const RNNCell& m, const Tensors& in) { return Tensors{m(in[0], in[1])}; },
      x({0, 4}), x({0, 5}));
  add(
      "lstm cell", LSTMCell(4, 5),
      [](const LSTMCell& m, const Tensors& in) {
        const LstmState s = m(in[0]);
        return Tensors{s.h, s.c};
      },
      x({0, 4}));
  {
    Tensors tokens;
    for (std::int64_t batch : {3, 5}) tokens.push_back(randint(0, 9, {batch, 7}, int64));
    auto module = Embedding(9, 4);
    module.to(t);
    all.push_back(model_of("embedding", std::move(module),
                           [](const Embedding& m, const Tensors& in) { return Tensors{mean(m(in[0]), 1)}; },
                           {tokens[0]}, {tokens[1]}));
  }
  return all;
}

}  // namespace xgrad::test
