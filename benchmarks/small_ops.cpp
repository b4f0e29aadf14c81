#include "small_ops.hpp"

#include <cmath>
#include <xgrad/xgrad.hpp>

#include "small_steps.hpp"

using namespace xgrad;
using bench::Run;

namespace {

Run chain_by_xgrad() {
  using namespace bench::chain;
  const auto leaf = [](float v) { return full({4, 4}, v).requires_grad_(); };
  const Tensor tw = leaf(w), tb = leaf(b);
  return {bench::ChainStep{leaf(x), tw, tb, length},
          [=] { return bench::squares(tw.grad().data<float>()) + bench::squares(tb.grad().data<float>()); }};
}

/// With libm's tanh.
Run chain_by_hand() {
  using namespace bench::chain;
  struct State {
    float y[length / 3 + 1][16], gw[16], gb[16], g[16];
  };
  const auto s = std::make_shared<State>();
  return {[s] {
            for (float& v : s->y[0]) v = x;
            for (int l = 0; l < length / 3; ++l)
              for (int j = 0; j < 16; ++j) s->y[l + 1][j] = std::tanh(s->y[l][j] * w + b);
            float sum = 0;
            for (int j = 0; j < 16; ++j) sum += s->y[length / 3][j], s->g[j] = 1, s->gw[j] = s->gb[j] = 0;
            for (int l = length / 3; l > 0; --l)
              for (int j = 0; j < 16; ++j) {
                const float d = s->g[j] * (1 - s->y[l][j] * s->y[l][j]);
                s->gb[j] += d;
                s->gw[j] += d * s->y[l - 1][j];
                s->g[j] = d * w;
              }
            return static_cast<double>(sum);
          },
          [s] { return bench::squares(s->gw, 16) + bench::squares(s->gb, 16); }};
}

const bench::Options chain_options{.ops = bench::chain::length};
const bench::Contender chain("chain", "xgrad", chain_by_xgrad, chain_options),
    chain_floor("chain", "by_hand", chain_by_hand, chain_options);

Run xor_by_xgrad() {
  const bench::xor_step::Inputs in;
  const auto leaf = [](const std::vector<float>& v, const Shape& shape) {
    return tensor(v, shape).requires_grad_();
  };
  return {bench::MlpStep(tensor(in.x, {4, 2}), tensor(in.t, {4, 1}),
                         {leaf(in.w1, {4, 2}), leaf(in.b1, {4}), leaf(in.w2, {1, 4}), leaf(in.b2, {1})},
                         bench::xor_step::lr)};
}

float logistic(float x) { return 1 / (1 + std::exp(-x)); }

Run xor_by_hand() {
  return {[in = bench::xor_step::Inputs()]() mutable {
    float gw1[8] = {}, gb1[4] = {}, gw2[4] = {}, gb2 = 0, loss = 0;
    for (std::size_t n = 0; n < 4; ++n) {
      const float x0 = in.x[2 * n], x1 = in.x[2 * n + 1];
      float h[4], z = in.b2[0];
      for (std::size_t j = 0; j < 4; ++j) {
        h[j] = logistic(in.w1[2 * j] * x0 + in.w1[2 * j + 1] * x1 + in.b1[j]);
        z += in.w2[j] * h[j];
      }
      const float y = logistic(z), e = y - in.t[n], g = 0.5f * e * y * (1 - y);
      loss += 0.25f * e * e;
      gb2 += g;
      for (std::size_t j = 0; j < 4; ++j) {
        gw2[j] += g * h[j];
        const float d = g * in.w2[j] * h[j] * (1 - h[j]);
        gb1[j] += d, gw1[2 * j] += d * x0, gw1[2 * j + 1] += d * x1;
      }
    }
    constexpr float lr = bench::xor_step::lr;
    for (std::size_t j = 0; j < 8; ++j) in.w1[j] -= lr * gw1[j];
    for (std::size_t j = 0; j < 4; ++j) in.b1[j] -= lr * gb1[j], in.w2[j] -= lr * gw2[j];
    in.b2[0] -= lr * gb2;
    return static_cast<double>(loss);
  }};
}

const bench::Contender xor_step("xor", "xgrad", xor_by_xgrad), xor_floor("xor", "by_hand", xor_by_hand);

}  // namespace
