#include "gradient_ratio.hpp"

#include <xsimd/xsimd.hpp>

#include "support/floor.hpp"
#include "support/leaf.hpp"

using namespace xgrad;
using bench::Run;

namespace {

// The mixture
// --------------------------------------------------------------------------------------------------

namespace mixture {

using namespace bench::mixture;

struct Model {
  Inputs in;
  Tensor x = tensor(in.x, {1, points, size});
  Tensor alpha = bench::leaf(in.alpha, {components}), mu = bench::leaf(in.mu, {components, 1, size}),
         s = bench::leaf(in.s, {components, size}), below = bench::leaf(in.below, {components, size, size});
  Tensor identity = eye(size), mask = tril(ones({size, size}), -1);
  std::vector<Tensor> parameters{alpha, mu, s, below};

  Tensor negative_log_likelihood() const {
    const Tensor q = below * mask + exp(s).unsqueeze(2) * identity;
    const Tensor distance = sum(square(gemm(x - mu, q, false, true)), {2});
    const Tensor terms = (alpha + sum(s, {1})).unsqueeze(1) - 0.5 * distance;
    return points * logsumexp(alpha, {0}) - sum(logsumexp(terms, {0}));
  }
};

Run objective_by_xgrad() {
  return {[m = Model()] {
    const NoGrad guard;
    return m.negative_log_likelihood().item();
  }};
}
Run gradient_by_xgrad() {
  const auto m = std::make_shared<Model>();
  return {[m] {
            bench::forget_gradients(m->parameters);
            const Tensor loss = m->negative_log_likelihood();
            loss.backward();
            return loss.item();
          },
          [m] { return bench::gradient_squares(m->parameters); }};
}

class ByHand {
 public:
  double objective() {
    using V = xsimd::batch<float>;
    float alphas = 0;
    for (int k = 0; k < components; ++k) {
      alphas += std::exp(in_.alpha[at(k)]);
      float* q = &q_[at(k * size * size)];
      float constant = in_.alpha[at(k)];
      for (int i = 0; i < size; ++i) {
        for (int j = 0; j < size; ++j) q[i * size + j] = j < i ? in_.below[at((k * size + i) * size + j)] : 0;
        q[i * size + i] = std::exp(in_.s[at(k * size + i)]);
        constant += in_.s[at(k * size + i)];
      }
      float* diff = &diff_[at(k * points * size)];
      float* y = &y_[at(k * points * size)];
      for (int n = 0; n < points; ++n)
        for (int j = 0; j < size; ++j)
          diff[n * size + j] = in_.x[at(n * size + j)] - in_.mu[at(k * size + j)];
      bench::product(points, size, size, {diff, size}, {q, size, true}, 0, y, size);
      for (int n = 0; n < points; ++n) {
        float sum = 0;
        for (int j = 0; j < size; ++j) sum += y[n * size + j] * y[n * size + j];
        p_[at(k * padded + n)] = constant - 0.5f * sum;
      }
    }
    double total = points * std::log(static_cast<double>(alphas));
    for (int n = 0; n < padded; n += static_cast<int>(V::size)) {
      V largest = V::load_unaligned(&p_[at(n)]), sum(0.0f);
      for (int k = 1; k < components; ++k)
        largest = xsimd::max(largest, V::load_unaligned(&p_[at(k * padded + n)]));
      for (int k = 0; k < components; ++k) {
        const V e = xsimd::exp(V::load_unaligned(&p_[at(k * padded + n)]) - largest);
        sum += e;
        e.store_unaligned(&p_[at(k * padded + n)]);
      }
      float logs[V::size];
      (largest + xsimd::log(sum)).store_unaligned(logs);
      (1.0f / sum).store_unaligned(&inverse_[at(n)]);
      for (int i = 0; i < static_cast<int>(V::size) && n + i < points; ++i)
        total -= static_cast<double>(logs[i]);
    }
    sum_alphas_ = alphas;
    return total;
  }

  double gradient() {
    const double loss = objective();
    for (int k = 0; k < components; ++k) {
      const float *diff = &diff_[at(k * points * size)], *q = &q_[at(k * size * size)];
      float *y = &y_[at(k * points * size)], *gq = &g_below_[at(k * size * size)], sums[size] = {},
            weight = 0;
      for (int n = 0; n < points; ++n) {
        const float p = p_[at(k * padded + n)] * inverse_[at(n)];
        weight += p;
        for (int j = 0; j < size; ++j) sums[j] += y[n * size + j] *= p;
      }
      g_alpha_[at(k)] = points * std::exp(in_.alpha[at(k)]) / sum_alphas_ - weight;
      bench::product(size, size, points, {y, size, true}, {diff, size}, 0, gq, size);
      for (int j = 0; j < size; ++j) {
        float g = 0;
        for (int i = 0; i < size; ++i) g -= sums[i] * q[i * size + j];
        g_mu_[at(k * size + j)] = g;
        g_s_[at(k * size + j)] = gq[j * size + j] * q[j * size + j] - weight;
        for (int i = 0; i <= j; ++i) gq[i * size + j] = 0;
      }
    }
    return loss;
  }

  double gradient_squares() const {
    return bench::squares(g_alpha_) + bench::squares(g_mu_) + bench::squares(g_s_) + bench::squares(g_below_);
  }

 private:
  static constexpr int padded = 1008;
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }

  Inputs in_;
  float sum_alphas_ = 0;
  std::vector<float> q_ = in_.below, diff_ = std::vector<float>(components * points * size), y_ = diff_,
                     p_ = std::vector<float>(components * padded), inverse_ = std::vector<float>(padded),
                     g_alpha_ = in_.alpha, g_mu_ = in_.mu, g_s_ = in_.s, g_below_ = in_.below;
};

Run objective_by_hand() {
  return {[h = std::make_shared<ByHand>()] { return h->objective(); }};
}
Run gradient_by_hand() {
  const auto h = std::make_shared<ByHand>();
  return {[h] { return h->gradient(); }, [h] { return h->gradient_squares(); }};
}

const bench::Contender objective("mixture_objective", "xgrad", objective_by_xgrad),
    objective_floor("mixture_objective", "by_hand", objective_by_hand),
    gradient("mixture_gradient", "xgrad", gradient_by_xgrad),
    gradient_floor("mixture_gradient", "by_hand", gradient_by_hand);

}  // namespace mixture

// The language model
// -------------------------------------------------------------------------------------------

namespace tiny {

using namespace bench::tiny;

Tensor leaf(const std::vector<float>& v) { return bench::leaf(v, {width}); }

struct Model {
  Inputs in;
  std::vector<Tensor> x, gold;
  Tensor first = leaf(in.first), scale = leaf(in.scale), shift = leaf(in.shift);
  std::vector<Weights<Tensor>> weights{weights_of<Tensor>(in.layer[0], leaf),
                                       weights_of<Tensor>(in.layer[1], leaf)};
  std::vector<Tensor> parameters{first, scale, shift};

  Model() {
    x = unbind(tensor(in.x, {length, width}));
    gold = unbind(one_hot(tensor(in.labels), width).to(float32));
    for (const Weights<Tensor>& w : weights)
      parameters.insert(parameters.end(), {w.wf, w.bf, w.wi, w.bi, w.wo, w.bo, w.wg, w.bg});
  }

  Tensor loss() const {
    Tensor h[layers], c[layers], total = zeros({});
    for (int l = 0; l < layers; ++l) h[l] = c[l] = zeros({width});
    for (std::size_t t = 0; t < length; ++t) {
      Tensor y = x[t] * first;
      for (std::size_t l = 0; l < layers; ++l) {
        const Weights<Tensor>& w = weights[l];
        const Tensor f = sigmoid(y * w.wf + w.bf), i = sigmoid(h[l] * w.wi + w.bi),
                     o = sigmoid(y * w.wo + w.bo);
        c[l] = c[l] * f + i * tanh(h[l] * w.wg + w.bg);
        y = h[l] = o * tanh(c[l]);
      }
      const Tensor out = y * scale + shift;
      total = total + (log(sum(exp(out))) - sum(out * gold[t]));
    }
    return total;
  }
};

Run objective_by_xgrad() {
  return {[m = std::make_shared<Model>()] {
    const NoGrad guard;
    return m->loss().item();
  }};
}
Run gradient_by_xgrad() {
  const auto m = std::make_shared<Model>();
  return {[m] {
            bench::forget_gradients(m->parameters);
            const Tensor loss = m->loss();
            loss.backward();
            return loss.item();
          },
          [m] { return bench::gradient_squares(m->parameters); }};
}

using Row = std::array<float, width>;

/// What one layer keeps of one step.
struct Kept {
  Row x, h, c, f, i, o, g, squashed;
};

float logistic(float x) { return 1 / (1 + std::exp(-x)); }

class ByHand {
 public:
  double objective() {
    double total = 0;
    Row h[layers] = {}, c[layers] = {};
    for (std::size_t t = 0; t < length; ++t) {
      Row y;
      for (std::size_t j = 0; j < width; ++j) y[j] = in_.x[t * width + j] * in_.first[j];
      for (std::size_t l = 0; l < layers; ++l) {
        const Layer& w = in_.layer[l];
        Kept& k = kept_[t][l];
        k.x = y, k.h = h[l], k.c = c[l];
        for (std::size_t j = 0; j < width; ++j) {
          k.f[j] = logistic(y[j] * w.wf[j] + w.bf[j]);
          k.i[j] = logistic(h[l][j] * w.wi[j] + w.bi[j]);
          k.o[j] = logistic(y[j] * w.wo[j] + w.bo[j]);
          k.g[j] = std::tanh(h[l][j] * w.wg[j] + w.bg[j]);
          c[l][j] = c[l][j] * k.f[j] + k.i[j] * k.g[j];
          k.squashed[j] = std::tanh(c[l][j]);
          h[l][j] = k.o[j] * k.squashed[j];
        }
        y = h[l];
      }
      float sum = 0;
      Row& e = softmax_[t];
      last_[t] = y;
      for (std::size_t j = 0; j < width; ++j) sum += e[j] = std::exp(y[j] * in_.scale[j] + in_.shift[j]);
      const auto label = static_cast<std::size_t>(in_.labels[t]);
      total += static_cast<double>(std::log(sum) - (y[label] * in_.scale[label] + in_.shift[label]));
      for (float& v : e) v /= sum;
    }
    return total;
  }

  double gradient() {
    const double loss = objective();
    for (Row& r : g_) r.fill(0);
    Row gh[layers] = {}, gc[layers] = {};
    for (std::size_t t = length; t-- > 0;) {
      Row g = softmax_[t];
      g[static_cast<std::size_t>(in_.labels[t])] -= 1;
      for (std::size_t j = 0; j < width; ++j) {
        g_[1][j] += g[j] * last_[t][j];
        g_[2][j] += g[j];
        g[j] *= in_.scale[j];
      }
      for (std::size_t l = layers; l-- > 0;) {
        const Layer& w = in_.layer[l];
        const Kept& k = kept_[t][l];
        Row* into = &g_[3 + 8 * l];
        for (std::size_t j = 0; j < width; ++j) {
          const float d = g[j] + gh[l][j];
          const float dc = gc[l][j] + d * k.o[j] * (1 - k.squashed[j] * k.squashed[j]);
          const float df = dc * k.c[j] * k.f[j] * (1 - k.f[j]), di = dc * k.g[j] * k.i[j] * (1 - k.i[j]),
                      dout = d * k.squashed[j] * k.o[j] * (1 - k.o[j]),
                      dg = dc * k.i[j] * (1 - k.g[j] * k.g[j]);
          into[0][j] += df * k.x[j], into[1][j] += df, into[2][j] += di * k.h[j], into[3][j] += di;
          into[4][j] += dout * k.x[j], into[5][j] += dout, into[6][j] += dg * k.h[j], into[7][j] += dg;
          gc[l][j] = dc * k.f[j];
          gh[l][j] = di * w.wi[j] + dg * w.wg[j];
          g[j] = df * w.wf[j] + dout * w.wo[j];
        }
      }
      for (std::size_t j = 0; j < width; ++j) g_[0][j] += g[j] * in_.x[t * width + j];
    }
    return loss;
  }

  double gradient_squares() const { return bench::squares(g_[0].data(), width * std::size(g_)); }

 private:
  Inputs in_;
  std::vector<std::array<Kept, layers>> kept_ = std::vector<std::array<Kept, layers>>(length);
  std::vector<Row> softmax_ = std::vector<Row>(length), last_ = softmax_;
  Row g_[3 + 8 * layers] = {};
};

Run objective_by_hand() {
  return {[h = std::make_shared<ByHand>()] { return h->objective(); }};
}
Run gradient_by_hand() {
  const auto h = std::make_shared<ByHand>();
  return {[h] { return h->gradient(); }, [h] { return h->gradient_squares(); }};
}

const bench::Options counted{.ops = ops};
const bench::Contender objective("tiny_ops_objective", "xgrad", objective_by_xgrad, counted),
    objective_floor("tiny_ops_objective", "by_hand", objective_by_hand, counted),
    gradient("tiny_ops_gradient", "xgrad", gradient_by_xgrad, counted),
    gradient_floor("tiny_ops_gradient", "by_hand", gradient_by_hand, counted);

}  // namespace tiny

}  // namespace
