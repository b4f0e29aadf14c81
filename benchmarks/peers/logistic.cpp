#include "logistic.hpp"

#include "peers/libtorch.hpp"

using namespace bench::logistic;

namespace {

const bench::Contender peer("logistic", "libtorch", [] {
  static const torch::Tensor x = bench::to_torch(inputs().x, {rows, columns}),
                             t = bench::to_torch(inputs().t, {rows});
  const std::vector<torch::Tensor> p{bench::torch_leaf(inputs().w, {columns}),
                                     bench::torch_leaf(inputs().b, {1})};
  const auto sgd = std::make_shared<torch::optim::SGD>(p, torch::optim::SGDOptions(lr));
  return bench::Run{[=] {
    const torch::Tensor loss = torch::binary_cross_entropy_with_logits(torch::mv(x, p[0]) + p[1], t);
    sgd->zero_grad();
    loss.backward();
    sgd->step();
    return loss.item<double>();
  }};
});

}  // namespace
