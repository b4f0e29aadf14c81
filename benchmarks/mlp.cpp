// An MLP 784-512-256-10 with ReLU, softmax cross-entropy and Adam: one training step. Beside it the same step
// written by hand on OpenBLAS, and its products alone. Initial weights agree, and so must the losses.

#include <benchmark/benchmark.h>
#include <cblas.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

constexpr int sizes[] = {784, 512, 256, 10};
constexpr int layers = 3;

struct Batch {
  Tensor x, labels;
  explicit Batch(std::int64_t n)
      : x(rand({n, 784}, {}, Generator(1))), labels(randint(0, 10, {n}, {}, Generator(2))) {}
};

struct Net {
  std::vector<Tensor> weights, biases;
  Net() {
    Generator g(3);
    for (int l = 0; l < layers; ++l) {
      const double bound = 1 / std::sqrt(sizes[l]);
      weights.push_back(((rand({sizes[l + 1], sizes[l]}, {}, g) * 2 - 1) * bound).requires_grad_());
      biases.push_back(((rand({sizes[l + 1]}, {}, g) * 2 - 1) * bound).requires_grad_());
    }
  }
  std::vector<Tensor> parameters() const {
    std::vector<Tensor> p = weights;
    p.insert(p.end(), biases.begin(), biases.end());
    return p;
  }
};

float step(const Net& net, optim::Adam& adam, const Batch& batch) {
  Tensor h = batch.x;
  for (int l = 0; l < layers; ++l) {
    const auto i = static_cast<std::size_t>(l);
    h = linear(h, net.weights[i], net.biases[i]);
    if (l + 1 < layers) h = relu(h);
  }
  const Tensor loss = cross_entropy(h, batch.labels);
  adam.zero_grad();
  loss.backward();
  adam.step();
  return loss.item<float>();
}

/// The same step by hand.
class ByHand {
 public:
  ByHand(const Net& net, const Batch& batch)
      : n_(static_cast<int>(batch.x.size(0))), labels_(batch.labels.to_vector<std::int64_t>()) {
    a_[0] = batch.x.to_vector<float>();
    for (int l = 0; l < layers; ++l) {
      const auto i = static_cast<std::size_t>(l);
      w_[l] = net.weights[i].to_vector<float>();
      b_[l] = net.biases[i].to_vector<float>();
      a_[l + 1].resize(static_cast<std::size_t>(n_ * sizes[l + 1]));
      g_[l + 1] = a_[l + 1];
      gw_[l].resize(w_[l].size());
      gb_[l].resize(b_[l].size());
      for (auto* v : {&mw_[l], &vw_[l]}) v->resize(w_[l].size());
      for (auto* v : {&mb_[l], &vb_[l]}) v->resize(b_[l].size());
    }
  }

  float step() {
    for (int l = 0; l < layers; ++l) forward(l);
    const float loss = softmax_loss();
    for (int l = layers - 1; l >= 0; --l) backward(l);
    ++t_;
    for (int l = 0; l < layers; ++l) {
      adam(w_[l], gw_[l], mw_[l], vw_[l]);
      adam(b_[l], gb_[l], mb_[l], vb_[l]);
    }
    return loss;
  }

  /// Only the products of a step.
  void products() {
    for (int l = 0; l < layers; ++l) forward_product(l, 0);
    for (int l = layers - 1; l >= 0; --l) backward_products(l);
  }

 private:
  void forward_product(int l, float beta) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n_, sizes[l + 1], sizes[l], 1, a_[l].data(),
                sizes[l], w_[l].data(), sizes[l], beta, a_[l + 1].data(), sizes[l + 1]);
  }

  void backward_products(int l) {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, sizes[l + 1], sizes[l], n_, 1, g_[l + 1].data(),
                sizes[l + 1], a_[l].data(), sizes[l], 0, gw_[l].data(), sizes[l]);
    if (l > 0)
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n_, sizes[l], sizes[l + 1], 1, g_[l + 1].data(),
                  sizes[l + 1], w_[l].data(), sizes[l], 0, g_[l].data(), sizes[l]);
  }

  void forward(int l) {
    const int out = sizes[l + 1];
    for (int i = 0; i < n_; ++i) std::copy(b_[l].begin(), b_[l].end(), a_[l + 1].begin() + i * out);
    forward_product(l, 1);
    if (l + 1 < layers)
      for (float& v : a_[l + 1]) v = v > 0 ? v : 0;
  }

  float softmax_loss() {
    const int c = sizes[layers];
    float total = 0;
    for (int i = 0; i < n_; ++i) {
      const float* z = a_[layers].data() + i * c;
      float* g = g_[layers].data() + i * c;
      const float largest = *std::max_element(z, z + c);
      float sum = 0;
      for (int j = 0; j < c; ++j) sum += g[j] = std::exp(z[j] - largest);
      const auto label = labels_[static_cast<std::size_t>(i)];
      total += std::log(sum) + largest - z[label];
      for (int j = 0; j < c; ++j) g[j] = (g[j] / sum - (j == label ? 1.0f : 0.0f)) / static_cast<float>(n_);
    }
    return total / static_cast<float>(n_);
  }

  void backward(int l) {
    const int out = sizes[l + 1];
    backward_products(l);
    std::fill(gb_[l].begin(), gb_[l].end(), 0.0f);
    for (int i = 0; i < n_; ++i)
      for (int j = 0; j < out; ++j)
        gb_[l][static_cast<std::size_t>(j)] += g_[l + 1][static_cast<std::size_t>(i * out + j)];
    if (l > 0)
      for (std::size_t i = 0; i < g_[l].size(); ++i) g_[l][i] = a_[l][i] > 0 ? g_[l][i] : 0;
  }

  void adam(std::vector<float>& p, const std::vector<float>& g, std::vector<float>& m,
            std::vector<float>& v) const {
    const double c1 = 1 - std::pow(0.9, t_), c2 = 1 - std::pow(0.999, t_);
    const float rate = static_cast<float>(1e-3 / c1), root = static_cast<float>(1 / std::sqrt(c2));
    for (std::size_t i = 0; i < p.size(); ++i) {
      m[i] = 0.9f * m[i] + 0.1f * g[i];
      v[i] = 0.999f * v[i] + 0.001f * g[i] * g[i];
      p[i] -= rate * m[i] / (std::sqrt(v[i]) * root + 1e-8f);
    }
  }

  int n_, t_ = 0;
  std::vector<std::int64_t> labels_;
  std::vector<float> a_[layers + 1], g_[layers + 1], w_[layers], b_[layers], gw_[layers], gb_[layers],
      mw_[layers], vw_[layers], mb_[layers], vb_[layers];
};

/// Stops the program where the two do not compute the same: a time says nothing then.
void check_losses(std::int64_t n) {
  const Net net;
  const Batch batch(n);
  ByHand hand(net, batch);
  optim::Adam adam(net.parameters(), {.lr = 1e-3});
  for (int i = 0; i < 5; ++i) {
    const float a = step(net, adam, batch), b = hand.step();
    if (std::abs(a - b) <= 1e-3f * std::abs(b)) continue;
    std::fprintf(stderr, "mlp: losses differ at step %d: %g and %g by hand\n", i, a, b);
    std::exit(1);
  }
}

void mlp(benchmark::State& state) {
  check_losses(state.range(0));
  const Net net;
  const Batch batch(state.range(0));
  optim::Adam adam(net.parameters(), {.lr = 1e-3});
  for (auto _ : state) benchmark::DoNotOptimize(step(net, adam, batch));
}
BENCHMARK(mlp)->Arg(64)->Arg(512)->Unit(benchmark::kMillisecond);

void mlp_by_hand(benchmark::State& state) {
  ByHand hand(Net{}, Batch(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(hand.step());
}
BENCHMARK(mlp_by_hand)->Arg(64)->Arg(512)->Unit(benchmark::kMillisecond);

void mlp_products(benchmark::State& state) {
  ByHand hand(Net{}, Batch(state.range(0)));
  for (auto _ : state) hand.products();
}
BENCHMARK(mlp_products)->Arg(64)->Arg(512)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  openblas_set_num_threads(1);
  benchmark::AddCustomContext("openblas", openblas_get_corename());
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
