#include "elementwise.hpp"

#include "peers/libtorch.hpp"

using namespace bench::elementwise;

namespace {

const bench::Contender peer("elementwise", "libtorch", [] {
  const auto leaf = [](const std::vector<float>& v) { return bench::torch_leaf(v, {count}); };
  const std::vector<torch::Tensor> p{leaf(inputs().x), leaf(inputs().w), leaf(inputs().b)};
  return bench::Run{[=] {
                      bench::torch_forget_gradients(p);
                      const torch::Tensor loss =
                          (torch::tanh(p[0] * p[1] + p[2]) * torch::sigmoid(p[0])).sum();
                      loss.backward();
                      return loss.item<double>();
                    },
                    [=] { return bench::torch_gradient_squares(p); }};
});

}  // namespace
