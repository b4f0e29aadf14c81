// Small work, where what counts is the cost of a node: a chain of ops on 4x4 tensors, and a training step of
// a 2-4-1 MLP on XOR. Beside each, the same arithmetic written by hand.

#include <benchmark/benchmark.h>

#include <cmath>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

constexpr int chain_length = 1000;

/// mul, add and tanh in turn, each with its gradient; w and b are leaves whose gradients are wanted too.
void chain(benchmark::State& state) {
  const Tensor x = full({4, 4}, 0.5, {.requires_grad = true});
  const Tensor w = full({4, 4}, 0.9, {.requires_grad = true}), b = full({4, 4}, 0.1, {.requires_grad = true});
  for (auto _ : state) {
    Tensor y = x;
    for (int i = 0; i < chain_length; i += 3) y = tanh(y * w + b);
    for (Tensor leaf : {x, w, b}) leaf.zero_grad();
    sum(y).backward();
  }
  state.counters["ns_per_op"] = benchmark::Counter(
      chain_length * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(chain)->Unit(benchmark::kMicrosecond);

/// The same with constant w and b: one gradient an op.
void chain_of_constants(benchmark::State& state) {
  const Tensor x = full({4, 4}, 0.5, {.requires_grad = true}), w = full({4, 4}, 0.9), b = full({4, 4}, 0.1);
  for (auto _ : state) {
    Tensor y = x;
    for (int i = 0; i < chain_length; i += 3) y = tanh(y * w + b);
    Tensor(x).zero_grad();
    sum(y).backward();
  }
  state.counters["ns_per_op"] = benchmark::Counter(
      chain_length * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(chain_of_constants)->Unit(benchmark::kMicrosecond);

/// The arithmetic of `chain` by hand, with libm's tanh.
void chain_by_hand(benchmark::State& state) {
  std::vector<float> values(static_cast<std::size_t>(chain_length / 3 + 2) * 16);
  for (auto _ : state) {
    float gw[16] = {}, gb[16] = {}, g[16];
    std::fill(values.begin(), values.begin() + 16, 0.5f);
    int layer = 0;
    for (int i = 0; i < chain_length; i += 3, ++layer)
      for (int j = 0; j < 16; ++j)
        values[static_cast<std::size_t>(layer + 1) * 16 + static_cast<std::size_t>(j)] = std::tanh(
            values[static_cast<std::size_t>(layer) * 16 + static_cast<std::size_t>(j)] * 0.9f + 0.1f);
    std::fill(g, g + 16, 1.0f);
    for (int l = layer; l > 0; --l)
      for (int j = 0; j < 16; ++j) {
        const float y = values[static_cast<std::size_t>(l) * 16 + static_cast<std::size_t>(j)];
        g[j] *= 1 - y * y;
        gb[j] += g[j];
        gw[j] += g[j] * values[static_cast<std::size_t>(l - 1) * 16 + static_cast<std::size_t>(j)];
        g[j] *= 0.9f;
      }
    benchmark::DoNotOptimize(gw);
    benchmark::DoNotOptimize(gb);
    benchmark::DoNotOptimize(g);
  }
  state.counters["ns_per_op"] = benchmark::Counter(
      chain_length * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(chain_by_hand)->Unit(benchmark::kMicrosecond);

/// One step of a 2-4-1 sigmoid MLP on XOR: forward, mean squared error, backward, SGD.
void xor_step(benchmark::State& state) {
  const Tensor x = tensor({{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}}),
               t = tensor({{0.0}, {1.0}, {1.0}, {0.0}});
  manual_seed(1);
  const nn::Linear hidden(2, 4), out(4, 1);
  optim::SGD sgd({hidden.weight, hidden.bias, out.weight, out.bias}, {.lr = 0.5});
  for (auto _ : state) {
    const Tensor loss = mse_loss(sigmoid(out(sigmoid(hidden(x)))), t);
    sgd.zero_grad();
    loss.backward();
    sgd.step();
  }
}
BENCHMARK(xor_step)->Unit(benchmark::kNanosecond);

}  // namespace

BENCHMARK_MAIN();
