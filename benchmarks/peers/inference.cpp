#include "inference.hpp"

#include "peers/libtorch.hpp"

using namespace bench::mlp;

namespace {

bench::Run by_libtorch(int n) {
  const Inputs in(n);
  torch::nn::Sequential model(torch::nn::Linear(784, 512), torch::nn::ReLU(), torch::nn::Linear(512, 256),
                              torch::nn::ReLU(), torch::nn::Linear(256, 10));
  const torch::NoGradGuard guard;
  const std::vector<torch::Tensor> parameters = model->parameters();
  for (std::size_t l = 0; l < layers; ++l) {
    parameters[2 * l].copy_(bench::to_torch(in.weights[l], {sizes[l + 1], sizes[l]}));
    parameters[2 * l + 1].copy_(bench::to_torch(in.biases[l], {sizes[l + 1]}));
  }
  model->eval();
  return {[=, x = bench::to_torch(in.x, {n, 784})]() mutable {
    const torch::NoGradGuard unrecorded;
    return static_cast<double>(model->forward(x).data_ptr<float>()[0]);
  }};
}

const bool added = [] {
  for (const int n : bench::inference::batches)
    bench::Contender(bench::inference::work(n), "libtorch", [=] { return by_libtorch(n); });
  return true;
}();

}  // namespace
