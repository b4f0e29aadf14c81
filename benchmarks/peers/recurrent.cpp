#include "recurrent.hpp"

#include "peers/libtorch.hpp"

using namespace bench::recurrent;

namespace {

bench::Run lstm() {
  torch::nn::LSTM model(torch::nn::LSTMOptions(width, width).num_layers(2));
  const torch::NoGradGuard guard;
  for (int l = 0; l < 2; ++l) {
    const Layer layer(4, l ? 20 : 10);
    const std::string end = "_l" + std::to_string(l);
    auto p = model->named_parameters();
    p["weight_ih" + end].copy_(bench::to_torch(layer.wx, {layer.rows, width}));
    p["weight_hh" + end].copy_(bench::to_torch(layer.wh, {layer.rows, width}));
    p["bias_ih" + end].copy_(bench::to_torch(layer.b, {layer.rows}));
    p["bias_hh" + end].zero_();
  }
  // Without bias_hh, which xgrad's layer does not have.
  std::vector<torch::Tensor> compared;
  for (const auto& p : model->named_parameters())
    if (p.key().find("bias_hh") == std::string::npos) compared.push_back(p.value());
  return {[model, x = bench::to_torch(inputs(), {steps, batch, width})]() mutable {
            model->zero_grad();
            const torch::Tensor loss = std::get<0>(model->forward(x)).square().mean();
            loss.backward();
            return loss.item<double>();
          },
          [compared] { return bench::torch_gradient_squares(compared); }};
}

bench::Run rnn() {
  const Layer layer(1, 30);
  const std::vector<torch::Tensor> p{bench::torch_leaf(layer.wx, {width, width}),
                                     bench::torch_leaf(layer.wh, {width, width}),
                                     bench::torch_leaf(layer.b, {width})};
  const std::vector<torch::Tensor> x = bench::to_torch(inputs(), {steps, batch, width}).unbind();
  return {[=] {
            bench::torch_forget_gradients(p);
            torch::Tensor h = torch::zeros({batch, width});
            std::vector<torch::Tensor> outputs;
            for (const torch::Tensor& part : x) {
              h = torch::tanh(torch::linear(part, p[0], p[2]) + torch::linear(h, p[1]));
              outputs.push_back(h);
            }
            const torch::Tensor loss = torch::cat(outputs).square().mean();
            loss.backward();
            return loss.item<double>();
          },
          [=] { return bench::torch_gradient_squares(p); }};
}

const bench::Contender a("lstm", "libtorch", lstm), b("rnn", "libtorch", rnn);

}  // namespace
