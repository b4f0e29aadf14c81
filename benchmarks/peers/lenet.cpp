#include "lenet.hpp"

#include "peers/libtorch.hpp"

using namespace bench::lenet;

namespace {

const bench::Contender peer("lenet", "libtorch", [] {
  const Inputs in;
  std::vector<torch::Tensor> p{
      bench::torch_leaf(in.conv1.w, {6, 1, 5, 5}), bench::torch_leaf(in.conv1.b, {6}),
      bench::torch_leaf(in.conv2.w, {16, 6, 5, 5}), bench::torch_leaf(in.conv2.b, {16})};
  for (const bench::Layer& l : {in.fc1, in.fc2, in.fc3}) {
    p.push_back(bench::torch_leaf(l.w, {l.out, l.in}));
    p.push_back(bench::torch_leaf(l.b, {l.out}));
  }
  const auto sgd = std::make_shared<torch::optim::SGD>(p, torch::optim::SGDOptions(lr));
  const torch::Tensor x = bench::to_torch(in.x, {batch, 1, 28, 28}),
                      labels = bench::to_torch(in.labels, {batch});
  return bench::Run{[=] {
                      torch::Tensor h = torch::max_pool2d(torch::relu(torch::conv2d(x, p[0], p[1], 1, 2)), 2);
                      h = torch::max_pool2d(torch::relu(torch::conv2d(h, p[2], p[3])), 2).flatten(1);
                      h = torch::relu(torch::linear(h, p[4], p[5]));
                      h = torch::relu(torch::linear(h, p[6], p[7]));
                      const torch::Tensor loss =
                          torch::cross_entropy_loss(torch::linear(h, p[8], p[9]), labels);
                      sgd->zero_grad();
                      loss.backward();
                      sgd->step();
                      return loss.item<double>();
                    },
                    [=] { return bench::torch_gradient_squares(p); }};
});

}  // namespace
