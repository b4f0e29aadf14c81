#include "small_ops.hpp"

#include "peers/libtorch.hpp"

namespace {

bench::Run chain() {
  using namespace bench::chain;
  const auto leaf = [](float v) { return torch::full({4, 4}, v).requires_grad_(); };
  const std::vector<torch::Tensor> p{leaf(x), leaf(w), leaf(b)};
  return {[=] {
            torch::Tensor y = p[0];
            for (int i = 0; i < length; i += 3) y = torch::tanh(y * p[1] + p[2]);
            bench::torch_forget_gradients(p);
            const torch::Tensor loss = y.sum();
            loss.backward();
            return loss.item<double>();
          },
          [=] {
            return bench::torch_gradient_squares({p[1], p[2]});
          }};
}

bench::Run xor_step() {
  const bench::xor_step::Inputs in;
  const torch::Tensor x = bench::to_torch(in.x, {4, 2}), t = bench::to_torch(in.t, {4, 1});
  const std::vector<torch::Tensor> p{bench::torch_leaf(in.w1, {4, 2}), bench::torch_leaf(in.b1, {4}),
                                     bench::torch_leaf(in.w2, {1, 4}), bench::torch_leaf(in.b2, {1})};
  const auto sgd = std::make_shared<torch::optim::SGD>(p, torch::optim::SGDOptions(bench::xor_step::lr));
  return {[=] {
    const torch::Tensor h = torch::sigmoid(torch::linear(x, p[0], p[1]));
    const torch::Tensor loss = torch::mse_loss(torch::sigmoid(torch::linear(h, p[2], p[3])), t);
    sgd->zero_grad();
    loss.backward();
    sgd->step();
    return loss.item<double>();
  }};
}

const bench::Contender a("chain", "libtorch", chain, {.ops = bench::chain::length}),
    b("xor", "libtorch", xor_step);

}  // namespace
