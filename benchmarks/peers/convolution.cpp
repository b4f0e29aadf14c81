#include "convolution.hpp"

#include "peers/libtorch.hpp"

using namespace bench::convolution;

namespace {

bench::Run run_of(const Case& c) {
  const Inputs in(c);
  const std::vector<torch::Tensor> p = {
      bench::torch_leaf(in.x, {c.images, c.channels, c.size, c.size}),
      bench::torch_leaf(in.w, {c.outputs, c.channels / c.groups, c.kernel, c.kernel})};
  const torch::Tensor t = bench::to_torch(in.t, {c.images, c.outputs, c.places(), c.places()});
  const auto options = torch::nn::functional::Conv2dFuncOptions()
                           .stride(c.stride)
                           .padding(c.padding)
                           .dilation(c.dilation)
                           .groups(c.groups);
  return {[=] {
            bench::torch_forget_gradients(p);
            const torch::Tensor loss = (torch::nn::functional::conv2d(p[0], p[1], options) * t).sum();
            loss.backward();
            return loss.item<double>();
          },
          [=] { return bench::torch_gradient_squares(p); }};
}

const bool added = [] {
  for (const Case& c : cases) bench::Contender(c.work(), "libtorch", [&c] { return run_of(c); });
  return true;
}();

}  // namespace
