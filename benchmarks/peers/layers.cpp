#include "layers.hpp"

#include <algorithm>

#include "peers/libtorch.hpp"

using namespace bench::layers;
namespace nn = torch::nn;

namespace {

/// Gives a model its first values, and returns its parameters in the order of their names.
std::vector<torch::Tensor> start(nn::Module& model) {
  auto named = model.named_parameters().pairs();
  std::sort(named.begin(), named.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<torch::Tensor> parameters;
  const torch::NoGradGuard guard;
  for (std::size_t k = 0; k < named.size(); ++k) {
    torch::Tensor p = named[k].second;
    p.copy_(bench::to_torch(parameter(k, p.numel()), p.sizes()));
    parameters.push_back(p);
  }
  return parameters;
}

template <class F>
bench::Run run_of(std::shared_ptr<nn::Module> model, std::vector<std::int64_t> shape, F f) {
  const std::vector<torch::Tensor> parameters = start(*model);
  std::int64_t n = 1;
  for (const std::int64_t s : shape) n *= s;
  const torch::Tensor x = bench::to_torch(input(n), shape);
  return {[=] {
            bench::torch_forget_gradients(parameters);
            const torch::Tensor loss = f(x).square().mean();
            loss.backward();
            return loss.item<double>();
          },
          [=] { return bench::torch_gradient_squares(parameters); }};
}

struct BasicBlock : nn::Module {
  BasicBlock(std::int64_t in, std::int64_t out, std::int64_t stride)
      : conv1(nn::Conv2dOptions(in, out, 3).stride(stride).padding(1).bias(false)),
        conv2(nn::Conv2dOptions(out, out, 3).padding(1).bias(false)),
        bn1(out),
        bn2(out) {
    register_module("conv1", conv1), register_module("bn1", bn1);
    register_module("conv2", conv2), register_module("bn2", bn2);
    if (stride != 1 || in != out) {
      downsample->push_back(nn::Conv2d(nn::Conv2dOptions(in, out, 1).stride(stride).bias(false)));
      downsample->push_back(nn::BatchNorm2d(out));
      register_module("downsample", downsample);
    }
  }
  torch::Tensor forward(torch::Tensor x) {
    const torch::Tensor y = bn2(conv2(torch::relu(bn1(conv1(x)))));
    return torch::relu(y + (downsample->is_empty() ? x : downsample->forward(x)));
  }

  nn::Conv2d conv1, conv2;
  nn::BatchNorm2d bn1, bn2;
  nn::Sequential downsample;
};

bench::Run resnet_blocks() {
  nn::Sequential blocks(BasicBlock(64, widths[0], 1), BasicBlock(widths[0], widths[1], 2),
                        BasicBlock(widths[1], widths[2], 2), BasicBlock(widths[2], widths[3], 2));
  return run_of(blocks.ptr(), {blocks_batch, 64, 32, 32},
                [=](torch::Tensor x) mutable { return blocks->forward(x); });
}

struct Cnn : nn::Module {
  Cnn() {
    register_module("conv1", conv1), register_module("conv2", conv2);
    register_module("bn1", bn1), register_module("bn2", bn2), register_module("out", out);
  }
  torch::Tensor forward(torch::Tensor x) {
    x = torch::max_pool2d(torch::relu(bn1(conv1(x))), 2);
    return out(torch::max_pool2d(torch::relu(bn2(conv2(x))), 2).flatten(1));
  }

  nn::Conv2d conv1{nn::Conv2dOptions(1, 16, 3).padding(1)}, conv2{nn::Conv2dOptions(16, 32, 3).padding(1)};
  nn::BatchNorm2d bn1{16}, bn2{32};
  nn::Linear out{32 * 7 * 7, 10};
};

bench::Run adam_step() {
  std::vector<torch::Tensor> parameters;
  for (std::size_t k = 0; k < adam_tensors; ++k) {
    parameters.push_back(bench::torch_leaf(parameter(k, adam_elements), {adam_elements}));
    parameters.back().mutable_grad() =
        bench::to_torch(parameter(k + adam_tensors, adam_elements), {adam_elements});
  }
  const auto adam = std::make_shared<torch::optim::Adam>(parameters, torch::optim::AdamOptions(1e-3));
  return {[=] {
    adam->step();
    return static_cast<double>(parameters[0].data_ptr<float>()[0]);
  }};
}

const bool added = [] {
  using bench::Contender;
  Contender("lstm_layer", "libtorch", [] {
    nn::LSTM m(nn::LSTMOptions(hidden, hidden).num_layers(recurrent_layers));
    return run_of(m.ptr(), {steps, batch, hidden},
                  [=](torch::Tensor x) mutable { return std::get<0>(m->forward(x)); });
  });
  Contender("gru_layer", "libtorch", [] {
    nn::GRU m(nn::GRUOptions(hidden, hidden).num_layers(recurrent_layers));
    return run_of(m.ptr(), {steps, batch, hidden},
                  [=](torch::Tensor x) mutable { return std::get<0>(m->forward(x)); });
  });
  Contender("encoder_layer", "libtorch", [] {
    nn::TransformerEncoderLayer m(
        nn::TransformerEncoderLayerOptions(width, heads).dim_feedforward(feedforward).dropout(0));
    return run_of(m.ptr(), {encoder_steps, encoder_batch, width},
                  [=](torch::Tensor x) mutable { return m->forward(x); });
  });
  Contender("resnet_blocks", "libtorch", resnet_blocks);
  Contender("cnn", "libtorch", [] {
    const auto m = std::make_shared<Cnn>();
    return run_of(m, {images_batch, 1, 28, 28}, [=](torch::Tensor x) { return m->forward(x); });
  });
  Contender("adam_200", "libtorch", adam_step);
  return true;
}();

}  // namespace
