#include "mlp.hpp"

#include <xgrad/xgrad.hpp>

#include "support/floor.hpp"

using namespace xgrad;
using bench::Run;
using bench::mlp::Inputs, bench::mlp::layers, bench::mlp::lr, bench::mlp::sizes;

namespace {

Run by_xgrad(int n) {
  const Inputs in(n);
  std::vector<Tensor> w, b, all;
  for (int l = 0; l < layers; ++l) {
    w.push_back(tensor(in.weights[l], {sizes[l + 1], sizes[l]}).requires_grad_());
    b.push_back(tensor(in.biases[l]).requires_grad_());
    all.insert(all.end(), {w.back(), b.back()});
  }
  const auto adam = std::make_shared<optim::Adam>(all, optim::AdamOptions{.lr = lr});
  return {[=, x = tensor(in.x, {n, 784}), labels = tensor(in.labels)] {
    Tensor h = x;
    for (std::size_t l = 0; l < layers; ++l) {
      h = linear(h, w[l], b[l], l + 1 < layers ? Activation::relu : Activation::none);
    }
    const Tensor loss = cross_entropy(h, labels);
    adam->zero_grad();
    loss.backward();
    adam->step();
    return loss.item();
  }};
}

class ByHand {
 public:
  explicit ByHand(int n) : in_(n) {
    a_[0] = in_.x;
    for (int l = 0; l < layers; ++l) {
      a_[l + 1].resize(static_cast<std::size_t>(n * sizes[l + 1]));
      g_[l + 1] = a_[l + 1];
      w_[l] = {in_.weights[l]}, b_[l] = {in_.biases[l]};
    }
  }

  double step() {
    for (int l = 0; l < layers; ++l) {
      bench::linear(in_.n, sizes[l], sizes[l + 1], a_[l].data(), w_[l].p.data(), b_[l].p.data(),
                    a_[l + 1].data());
      if (l + 1 < layers) bench::relu(a_[l + 1]);
    }
    const float loss =
        bench::cross_entropy(in_.n, 10, a_[layers].data(), in_.labels.data(), g_[layers].data());
    for (int l = layers - 1; l >= 0; --l) {
      bench::linear_gradients(in_.n, sizes[l], sizes[l + 1], a_[l].data(), w_[l].p.data(), g_[l + 1].data(),
                              l ? g_[l].data() : nullptr, w_[l].g.data(), b_[l].g.data());
      if (l) bench::relu_gradient(a_[l], g_[l]);
    }
    ++t_;
    for (int l = 0; l < layers; ++l) adam(w_[l]), adam(b_[l]);
    return loss;
  }

  /// Only the products of a step.
  double products() {
    for (int l = 0; l < layers; ++l)
      bench::product(in_.n, sizes[l + 1], sizes[l], {a_[l].data(), sizes[l]},
                     {w_[l].p.data(), sizes[l], true}, 0, a_[l + 1].data(), sizes[l + 1]);
    for (int l = layers - 1; l >= 0; --l) {
      const bench::Matrix g{g_[l + 1].data(), sizes[l + 1]}, gt{g_[l + 1].data(), sizes[l + 1], true};
      bench::product(sizes[l + 1], sizes[l], in_.n, gt, {a_[l].data(), sizes[l]}, 0, w_[l].g.data(),
                     sizes[l]);
      if (l)
        bench::product(in_.n, sizes[l], sizes[l + 1], g, {w_[l].p.data(), sizes[l]}, 0, g_[l].data(),
                       sizes[l]);
    }
    return 0;
  }

 private:
  struct Parameter {
    Parameter() = default;
    Parameter(const std::vector<float>& start)  // NOLINT
        : p(start), g(p.size()), m(p.size()), v(p.size()) {}
    std::vector<float> p, g, m, v;
  };

  void adam(Parameter& w) const {
    const double c1 = 1 - std::pow(0.9, t_), c2 = 1 - std::pow(0.999, t_);
    const float rate = static_cast<float>(lr / c1), root = static_cast<float>(1 / std::sqrt(c2));
    float *p = w.p.data(), *g = w.g.data(), *m = w.m.data(), *v = w.v.data();
    for (std::size_t i = 0; i < w.p.size(); ++i) {
      m[i] = 0.9f * m[i] + 0.1f * g[i];
      v[i] = 0.999f * v[i] + 0.001f * g[i] * g[i];
      p[i] -= rate * m[i] / (std::sqrt(v[i]) * root + 1e-8f);
    }
  }

  Inputs in_;
  int t_ = 0;
  std::vector<float> a_[layers + 1], g_[layers + 1];
  Parameter w_[layers], b_[layers];
};

void add(int n) {
  const std::string work = "mlp_" + std::to_string(n);
  const auto hand = [n] { return std::make_shared<ByHand>(n); };
  bench::Contender(work, "xgrad", [n] { return by_xgrad(n); });
  bench::Contender(work, "by_hand", [=] { return Run{[h = hand()] { return h->step(); }}; });
  bench::Contender(work, "products", [=] { return Run{[h = hand()] { return h->products(); }}; },
                   {.compared = false});
}

const bool added = (add(64), add(512), true);

}  // namespace
