// Steps made eagerly and as replays, in turn on one thread: `replay` prints nanoseconds a step, or an op;
// `replay --check` makes some of each and compares the losses bit by bit.

#include "xgrad/core/replay.hpp"
#include "../small_steps.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

/// A work twice, on tensors of its own each time; a step leaves its loss in a tensor.
struct Work {
  std::string name;
  double ops;     ///< that a step is divided by
  int per_round;  ///< steps
  std::function<std::function<Tensor()>()> make;
};

std::function<Tensor()> xor_step() {
  Generator g(1);
  std::vector<Tensor> p;
  for (const Shape& shape : {Shape{4, 2}, Shape{4}, Shape{1, 4}, Shape{1}})
    p.push_back(randn(shape, {.requires_grad = true}, g));
  auto sgd = std::make_shared<optim::SGD>(p, optim::SgdOptions{.lr = 0.5});
  return [p, sgd, x = tensor({{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}}),
          t = tensor({{0.0}, {1.0}, {1.0}, {0.0}})] {
    const Tensor y = linear(linear(x, p[0], p[1], Activation::sigmoid), p[2], p[3], Activation::sigmoid);
    Tensor loss = mse_loss(y, t);
    sgd->zero_grad();
    loss.backward();
    sgd->step();
    return loss;
  };
}

std::function<Tensor()> chain() {
  const auto leaf = [](double v) { return full({4, 4}, v, {.requires_grad = true}); };
  return [x = leaf(0.5), w = leaf(0.9), b = leaf(0.1)] {
    Tensor y = x;
    for (int i = 0; i < 999; i += 3) y = tanh(y * w + b);
    for (Tensor t : {x, w, b}) t.zero_grad();
    Tensor loss = sum(y);
    loss.backward();
    return loss;
  };
}

std::function<Tensor()> mlp() {
  Generator g(2);
  const auto leaf = [&](const Shape& shape) {
    return (randn(shape, {}, g) * 0.05).detach().requires_grad_();
  };
  const std::vector<Tensor> p = {leaf({128, 64}), leaf({128}), leaf({10, 128}), leaf({10})};
  auto adam = std::make_shared<optim::Adam>(p, optim::AdamOptions{.lr = 1e-3});
  return [p, adam, x = randn({64, 64}, {}, g), t = randint(0, 10, {64}, {}, g)] {
    Tensor loss = cross_entropy(linear(linear(x, p[0], p[1], Activation::relu), p[2], p[3]), t);
    adam->zero_grad();
    loss.backward();
    adam->step();
    return loss;
  };
}

std::function<Tensor()> elementwise() {
  const auto leaf = [](double v) { return full({1'000'000}, v, {.requires_grad = true}); };
  return [x = leaf(0.5), w = leaf(0.9), b = leaf(0.1)] {
    for (Tensor t : {x, w, b}) t.zero_grad();
    Tensor loss = sum(tanh(x * w + b) * sigmoid(x));
    loss.backward();
    return loss;
  };
}

const std::vector<Work> works = {{"xor", 1, 2000, xor_step},
                                 {"chain of 999 ops on 4x4, an op", 999, 10, chain},
                                 {"mlp 64-128-10, batch 64", 1, 100, mlp},
                                 {"elementwise million", 1, 1, elementwise}};

bool same_bits(const Tensor& a, const Tensor& b) {
  return std::memcmp(a.data<float>().data(), b.data<float>().data(), sizeof(float)) == 0;
}

bool check(const Work& work) {
  const auto eager = work.make(), other = work.make();
  Tensor loss, replayed;
  Replay step = capture([&] { replayed = other(); });
  loss = eager();
  for (int i = 0; i < 5; ++i) {
    if (!same_bits(loss, replayed)) return false;
    loss = eager();
    step();
  }
  return step.is_planned() && same_bits(loss, replayed);
}

double nanoseconds(int n, const std::function<void()>& f) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < n; ++i) f();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / n;
}

void time(const Work& work) {
  const auto eager = work.make(), other = work.make();
  Tensor loss, replayed;
  const auto begin = std::chrono::steady_clock::now();
  Replay step = capture([&] { replayed = other(); });
  const double first =
      std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
  while (!step.is_planned()) step();
  double best = 1e300, best_replay = 1e300;
  for (int round = 0; round < 25; ++round) {
    best = std::min(best, nanoseconds(work.per_round, [&] { loss = eager(); }));
    best_replay = std::min(best_replay, nanoseconds(work.per_round, [&] { step(); }));
  }
  std::cout << std::left << std::setw(34) << work.name << std::right << std::fixed << std::setprecision(1)
            << std::setw(14) << best / work.ops << std::setw(14) << best_replay / work.ops << std::setw(8)
            << best / best_replay << std::setw(14) << first / work.ops << std::setw(10) << step.runs().size()
            << std::setw(12) << step.arena_bytes() << std::setw(12) << step.value_bytes() << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  set_num_threads(1);
  if (argc > 1 && std::strcmp(argv[1], "--check") == 0) {
    for (const Work& work : works)
      if (!check(work)) {
        std::cerr << work.name << ": a replay has other bits than the eager step\n";
        return 1;
      }
    return 0;
  }
  std::cout << std::left << std::setw(34) << "work" << std::right << std::setw(14) << "eager ns"
            << std::setw(14) << "replay ns" << std::setw(8) << "times" << std::setw(14) << "recording"
            << std::setw(10) << "runs" << std::setw(12) << "arena" << std::setw(12) << "values" << '\n';
  for (const Work& work : works) time(work);
}
