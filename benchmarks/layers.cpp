#include "layers.hpp"

#include <algorithm>

#include "support/leaf.hpp"

using namespace xgrad;
using namespace bench::layers;
using bench::Run;

namespace {

/// Gives a model its first values, and returns its parameters in the order of their names.
std::vector<Tensor> start(nn::ModuleBase& model) {
  std::vector<NamedTensor> named = model.named_parameters();
  std::ranges::sort(named, {}, &NamedTensor::name);
  std::vector<Tensor> parameters;
  const NoGrad guard;
  for (std::size_t k = 0; k < named.size(); ++k) {
    Tensor& p = parameters.emplace_back(named[k].tensor);
    p.copy_(tensor(parameter(k, p.numel()), p.shape()));
  }
  return parameters;
}

/// A step of sum(f(model, x)^2) / elements.
template <class M, class F>
Run run_of(M model, const Shape& shape, F f) {
  const auto held = std::make_shared<M>(std::move(model));
  const std::vector<Tensor> parameters = start(*held);
  const Tensor x = tensor(input(shape.numel()), shape);
  return {[=] {
            bench::forget_gradients(parameters);
            const Tensor loss = mean(square(f(*held, x)));
            loss.backward();
            return loss.item();
          },
          [=] { return bench::gradient_squares(parameters); }};
}

template <class M>
Run run_of(M model, const Shape& shape) {
  return run_of(std::move(model), shape, [](const M& m, const Tensor& x) { return m(x); });
}

/// The work of lstm_layer, by the op itself.
Run lstm_by_ops() {
  return run_of(
      nn::LSTM(hidden, hidden, {.num_layers = recurrent_layers}), {steps, batch, hidden},
      [](nn::LSTM& m, const Tensor& x) {
        static std::vector<NamedTensor> p;
        p = m.named_parameters();  // weight_ih, weight_hh, bias_ih, bias_hh of each layer
        Tensor y = x;
        for (std::size_t k = 0; k < p.size(); k += 4) {
          const Tensor none = zeros({batch, hidden});
          y = lstm(y, {none, none}, p[k].tensor, p[k + 1].tensor, p[k + 2].tensor, p[k + 3].tensor).outputs;
        }
        return y;
      });
}

/// Two convolutions with batch norms around a shortcut. He et al., 2016.
struct BasicBlock : nn::Module {
  BasicBlock(std::int64_t in, std::int64_t out, int stride)
      : conv1(in, out, 3, {.stride = stride, .padding = 1, .bias = false}),
        bn1(out),
        conv2(out, out, 3, {.padding = 1, .bias = false}),
        bn2(out) {
    if (stride != 1 || in != out)
      downsample = {nn::Conv2d(in, out, 1, {.stride = stride, .bias = false}), nn::BatchNorm2d(out)};
  }
  Tensor forward(const Tensor& x) const override {
    const Tensor y = bn2(conv2(relu(bn1(conv1(x)))));
    return relu(y + downsample(x));
  }
  void visit(nn::Visitor& v) override {
    v("conv1", conv1), v("bn1", bn1), v("conv2", conv2), v("bn2", bn2), v("downsample", downsample);
  }

  nn::Conv2d conv1;
  nn::BatchNorm2d bn1;
  nn::Conv2d conv2;
  nn::BatchNorm2d bn2;
  nn::Sequential downsample;
};

nn::Sequential resnet_blocks() {
  return {BasicBlock(64, widths[0], 1), BasicBlock(widths[0], widths[1], 2),
          BasicBlock(widths[1], widths[2], 2), BasicBlock(widths[2], widths[3], 2)};
}

struct Cnn : nn::Module {
  nn::Conv2d conv1{1, 16, 3, {.padding = 1}}, conv2{16, 32, 3, {.padding = 1}};
  nn::BatchNorm2d bn1{16}, bn2{32};
  nn::MaxPool2d pool{2};
  nn::Linear out{32 * 7 * 7, 10};

  Tensor forward(const Tensor& x) const override {
    const Tensor y = pool(relu(bn2(conv2(pool(relu(bn1(conv1(x))))))));
    return out(flatten(y, 1));
  }
  void visit(nn::Visitor& v) override {
    v("conv1", conv1), v("conv2", conv2), v("bn1", bn1), v("bn2", bn2), v("out", out);
  }
};

Run cnn_by_ops() {
  return run_of(Cnn(), {images_batch, 1, 28, 28}, [](const Cnn& m, const Tensor& x) {
    const auto layer = [](const Tensor& in, const nn::Conv2d& conv, const nn::BatchNorm2d& bn) {
      const Tensor y = batch_norm(conv2d(in, conv.weight, conv.bias, {.padding = 1}), bn.running_mean,
                                  bn.running_var, bn.weight, bn.bias, {.training = true});
      return max_pool2d(relu(y), 2);
    };
    return linear(flatten(layer(layer(x, m.conv1, m.bn1), m.conv2, m.bn2), 1), m.out.weight, m.out.bias);
  });
}

Run adam_step() {
  std::vector<Tensor> parameters;
  for (std::size_t k = 0; k < adam_tensors; ++k) {
    parameters.push_back(bench::leaf(parameter(k, adam_elements), {adam_elements}));
    parameters.back().set_grad(tensor(parameter(k + adam_tensors, adam_elements)));
  }
  const auto adam = std::make_shared<optim::Adam>(parameters, optim::AdamOptions{.lr = 1e-3});
  return {[=] {
    adam->step();
    return static_cast<double>(parameters[0].data<float>()[0]);
  }};
}

const bool added = [] {
  using bench::Contender;
  const Shape sequence = {steps, batch, hidden};
  const auto lstm = [=] {
    return run_of(nn::LSTM(hidden, hidden, {.num_layers = recurrent_layers}), sequence,
                  [](const nn::LSTM& m, const Tensor& x) { return m(x).outputs; });
  };
  const auto gru = [=] {
    return run_of(nn::GRU(hidden, hidden, {.num_layers = recurrent_layers}), sequence,
                  [](const nn::GRU& m, const Tensor& x) { return m(x).outputs; });
  };
  Contender("lstm_layer", "xgrad", lstm);
  Contender("lstm_layer", "by_ops", lstm_by_ops);
  Contender("gru_layer", "xgrad", gru);
  Contender("encoder_layer", "xgrad", [] {
    return run_of(nn::TransformerEncoderLayer(width, heads, {.dim_feedforward = feedforward, .dropout = 0}),
                  {encoder_steps, encoder_batch, width});
  });
  Contender("resnet_blocks", "xgrad", [] { return run_of(resnet_blocks(), {blocks_batch, 64, 32, 32}); });
  Contender("cnn", "xgrad", [] { return run_of(Cnn(), {images_batch, 1, 28, 28}); });
  Contender("cnn", "by_ops", cnn_by_ops);
  Contender("adam_200", "xgrad", adam_step);
  return true;
}();

}  // namespace
