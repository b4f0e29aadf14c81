#include "attention.hpp"

#include "peers/libtorch.hpp"

using namespace bench::attention;

namespace {

/// By ops; a causal mask is added by the product itself.
bench::Run by_ops(Case c) {
  const Inputs in(c.length);
  const std::vector<std::int64_t> shape = {heads, c.length, head};
  const std::vector<torch::Tensor> p = {bench::torch_leaf(in.q, shape), bench::torch_leaf(in.k, shape),
                                        bench::torch_leaf(in.v, shape)};
  const torch::Tensor t = bench::to_torch(in.t, shape);
  torch::Tensor mask;
  if (c.causal) mask = torch::full({c.length, c.length}, -INFINITY).triu(1);
  return {[=] {
            const torch::Tensor q = p[0] / std::sqrt(double{head}), k = p[1].transpose(1, 2);
            const torch::Tensor scores = c.causal ? torch::baddbmm(mask, q, k) : torch::bmm(q, k);
            const torch::Tensor y = torch::bmm(torch::softmax(scores, -1), p[2]);
            bench::torch_forget_gradients(p);
            const torch::Tensor loss = (y * t).sum();
            loss.backward();
            return loss.item<double>();
          },
          [=] { return bench::torch_gradient_squares(p); }};
}

const bool added = [] {
  for (const Case c : cases) bench::Contender(c.name(), "libtorch", [c] { return by_ops(c); });
  return true;
}();

}  // namespace
