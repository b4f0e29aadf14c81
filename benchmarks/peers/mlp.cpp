#include "mlp.hpp"

#include "peers/libtorch.hpp"

using namespace bench::mlp;

namespace {

bench::Run by_libtorch(int n) {
  const Inputs in(n);
  std::vector<torch::Tensor> p;
  for (int l = 0; l < layers; ++l) {
    p.push_back(bench::torch_leaf(in.weights[l], {sizes[l + 1], sizes[l]}));
    p.push_back(bench::torch_leaf(in.biases[l], {sizes[l + 1]}));
  }
  const auto adam = std::make_shared<torch::optim::Adam>(p, torch::optim::AdamOptions(lr));
  return {[=, x = bench::to_torch(in.x, {n, 784}), labels = bench::to_torch(in.labels, {n})] {
    torch::Tensor h = x;
    for (std::size_t l = 0; l < layers; ++l) {
      h = torch::linear(h, p[2 * l], p[2 * l + 1]);
      if (l + 1 < layers) h = torch::relu(h);
    }
    const torch::Tensor loss = torch::cross_entropy_loss(h, labels);
    adam->zero_grad();
    loss.backward();
    adam->step();
    return loss.item<double>();
  }};
}

const bench::Contender small("mlp_64", "libtorch", [] { return by_libtorch(64); }),
    large("mlp_512", "libtorch", [] { return by_libtorch(512); });

}  // namespace
