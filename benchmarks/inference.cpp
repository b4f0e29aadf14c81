#include "inference.hpp"

#include <xgrad/xgrad.hpp>

#include "support/floor.hpp"

using namespace xgrad;
using bench::Run;
using bench::mlp::Inputs, bench::mlp::layers, bench::mlp::sizes;

namespace {

/// The layers of the model, in evaluation or, with the same values, in training, where no copy is kept.
Run by_xgrad(int n, bool evaluates) {
  const Inputs in(n);
  auto model = std::make_shared<nn::Sequential>(nn::Sequential{
      nn::Linear(784, 512), nn::ReLU(), nn::Linear(512, 256), nn::ReLU(), nn::Linear(256, 10)});
  const std::vector<Tensor> parameters = model->parameters();
  const NoGrad guard;
  for (std::size_t l = 0; l < layers; ++l) {
    Tensor weight = parameters[2 * l], bias = parameters[2 * l + 1];
    weight.copy_(tensor(in.weights[l], weight.shape())), bias.copy_(tensor(in.biases[l]));
  }
  model->train(!evaluates);
  return {[=, x = tensor(in.x, {n, 784})] {
    const NoGrad unrecorded;
    return static_cast<double>((*model)(x).data<float>()[0]);
  }};
}

Run by_hand(int n) {
  const auto in = std::make_shared<Inputs>(n);
  std::vector<std::vector<float>> h(layers);
  for (std::size_t l = 0; l < layers; ++l) h[l].resize(static_cast<std::size_t>(n * sizes[l + 1]));
  return {[=]() mutable {
    const float* x = in->x.data();
    for (std::size_t l = 0; l < layers; ++l) {
      bench::linear(n, sizes[l], sizes[l + 1], x, in->weights[l].data(), in->biases[l].data(), h[l].data());
      if (l + 1 < layers) bench::relu(h[l]);
      x = h[l].data();
    }
    return static_cast<double>(x[0]);
  }};
}

const bool added = [] {
  for (const int n : bench::inference::batches) {
    const std::string work = bench::inference::work(n);
    bench::Contender(work, "xgrad", [=] { return by_xgrad(n, true); });
    bench::Contender(work, "not_packed", [=] { return by_xgrad(n, false); });
    bench::Contender(work, "by_hand", [=] { return by_hand(n); });
  }
  return true;
}();

}  // namespace
