#include "gradient_ratio.hpp"

#include "peers/libtorch.hpp"

namespace {

namespace mixture {

using namespace bench::mixture;

struct Model {
  Inputs in;
  torch::Tensor x = bench::to_torch(in.x, {1, points, size});
  torch::Tensor alpha = bench::torch_leaf(in.alpha, {components}),
                mu = bench::torch_leaf(in.mu, {components, 1, size}),
                s = bench::torch_leaf(in.s, {components, size}),
                below = bench::torch_leaf(in.below, {components, size, size});
  torch::Tensor identity = torch::eye(size), mask = torch::tril(torch::ones({size, size}), -1);
  std::vector<torch::Tensor> parameters{alpha, mu, s, below};

  torch::Tensor loss() const {
    const torch::Tensor q = below * mask + s.exp().unsqueeze(2) * identity;
    const torch::Tensor distance = torch::bmm(x - mu, q.transpose(1, 2)).square().sum(2);
    const torch::Tensor terms = (alpha + s.sum(1)).unsqueeze(1) - 0.5 * distance;
    return points * alpha.logsumexp(0) - terms.logsumexp(0).sum();
  }
};

}  // namespace mixture

namespace tiny {

using namespace bench::tiny;

torch::Tensor leaf(const std::vector<float>& v) { return bench::torch_leaf(v, {width}); }

struct Model {
  Inputs in;
  std::vector<torch::Tensor>
      x = bench::to_torch(in.x, {length, width}).unbind(),
      gold = torch::one_hot(bench::to_torch(in.labels, {length}), width).to(torch::kFloat32).unbind();
  torch::Tensor first = leaf(in.first), scale = leaf(in.scale), shift = leaf(in.shift);
  std::vector<Weights<torch::Tensor>> weights{weights_of<torch::Tensor>(in.layer[0], leaf),
                                              weights_of<torch::Tensor>(in.layer[1], leaf)};
  std::vector<torch::Tensor> parameters{first, scale, shift};

  Model() {
    for (const Weights<torch::Tensor>& w : weights)
      parameters.insert(parameters.end(), {w.wf, w.bf, w.wi, w.bi, w.wo, w.bo, w.wg, w.bg});
  }

  torch::Tensor loss() const {
    torch::Tensor h[layers], c[layers], total = torch::zeros({});
    for (int l = 0; l < layers; ++l) h[l] = c[l] = torch::zeros({width});
    for (std::size_t t = 0; t < length; ++t) {
      torch::Tensor y = x[t] * first;
      for (std::size_t l = 0; l < layers; ++l) {
        const Weights<torch::Tensor>& w = weights[l];
        const torch::Tensor f = torch::sigmoid(y * w.wf + w.bf), i = torch::sigmoid(h[l] * w.wi + w.bi),
                            o = torch::sigmoid(y * w.wo + w.bo);
        c[l] = c[l] * f + i * torch::tanh(h[l] * w.wg + w.bg);
        y = h[l] = o * torch::tanh(c[l]);
      }
      const torch::Tensor out = y * scale + shift;
      total = total + (out.exp().sum().log() - (out * gold[t]).sum());
    }
    return total;
  }
};

}  // namespace tiny

template <class Model>
bench::Run objective() {
  return {[m = std::make_shared<Model>()] {
    const torch::NoGradGuard guard;
    return m->loss().template item<double>();
  }};
}
template <class Model>
bench::Run gradient() {
  const auto m = std::make_shared<Model>();
  return {[m] {
            bench::torch_forget_gradients(m->parameters);
            const torch::Tensor loss = m->loss();
            loss.backward();
            return loss.item<double>();
          },
          [m] { return bench::torch_gradient_squares(m->parameters); }};
}

const bench::Options counted{.ops = bench::tiny::ops};
const bench::Contender a("mixture_objective", "libtorch", objective<mixture::Model>),
    b("mixture_gradient", "libtorch", gradient<mixture::Model>),
    c("tiny_ops_objective", "libtorch", objective<tiny::Model>, counted),
    d("tiny_ops_gradient", "libtorch", gradient<tiny::Model>, counted);

}  // namespace
