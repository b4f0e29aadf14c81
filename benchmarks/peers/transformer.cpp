#include "transformer.hpp"

#include "peers/libtorch.hpp"

using namespace bench::transformer;

namespace {

const bench::Contender peer("transformer", "libtorch", [] {
  const Inputs in;
  torch::nn::TransformerEncoderLayer block(
      torch::nn::TransformerEncoderLayerOptions(width, heads).dim_feedforward(inner).dropout(0));
  const std::pair<const char*, const std::vector<float>*> names[] = {{"self_attn.in_proj_weight", &in.qkv.w},
                                                                     {"self_attn.in_proj_bias", &in.qkv.b},
                                                                     {"self_attn.out_proj.weight", &in.out.w},
                                                                     {"self_attn.out_proj.bias", &in.out.b},
                                                                     {"linear1.weight", &in.up.w},
                                                                     {"linear1.bias", &in.up.b},
                                                                     {"linear2.weight", &in.down.w},
                                                                     {"linear2.bias", &in.down.b},
                                                                     {"norm1.weight", &in.scale1},
                                                                     {"norm1.bias", &in.shift1},
                                                                     {"norm2.weight", &in.scale2},
                                                                     {"norm2.bias", &in.shift2}};
  {
    const torch::NoGradGuard guard;
    auto p = block->named_parameters();
    for (const auto& [name, values] : names) p[name].copy_(bench::to_torch(*values, p[name].sizes()));
  }
  const std::vector<torch::Tensor> p = block->parameters();
  const auto sgd = std::make_shared<torch::optim::SGD>(p, torch::optim::SGDOptions(lr));
  // Its sequences run along the first axis.
  const auto sequence_first = [](const std::vector<float>& v) {
    return bench::to_torch(v, {batch, length, width}).transpose(0, 1).contiguous();
  };
  return bench::Run{[=, x = sequence_first(in.x), target = sequence_first(in.target)]() mutable {
                      const torch::Tensor loss = torch::mse_loss(block->forward(x), target);
                      sgd->zero_grad();
                      loss.backward();
                      sgd->step();
                      return loss.item<double>();
                    },
                    [=] { return bench::torch_gradient_squares(p); }};
});

}  // namespace
