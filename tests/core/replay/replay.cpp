#include "xgrad/core/replay.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

/// A 2-4-1 network on XOR with its optimizer.
template <class Optimizer>
struct Xor {
  Tensor x = tensor({{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}}),
         t = tensor({{0.0}, {1.0}, {1.0}, {0.0}});
  std::vector<Tensor> p;
  Optimizer optimizer;
  Tensor loss;

  template <class Options>
  explicit Xor(Options options) : p(parameters()), optimizer(p, options) {}

  static std::vector<Tensor> parameters() {
    Generator g(3);
    std::vector<Tensor> all;
    for (const Shape& shape : {Shape{4, 2}, Shape{4}, Shape{1, 4}, Shape{1}})
      all.push_back(randn(shape, {.requires_grad = true}, g));
    return all;
  }

  void step() {
    loss = mse_loss(linear(linear(x, p[0], p[1], Activation::sigmoid), p[2], p[3], Activation::sigmoid), t);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
};

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.node()->data, b.node()->data,
                     static_cast<std::size_t>(a.numel() * size_of(a.dtype()))) == 0;
}

/// The same training twice, eagerly and by replays, with another learning rate in each step.
template <class Optimizer, class Options>
void check_training(Options options) {
  Xor<Optimizer> eager(options), other(options);
  Replay step = capture([&] { other.step(); });
  eager.step();
  for (int i = 0; i < 40; ++i) {
    CHECK(same_bits(eager.loss, other.loss));
    for (std::size_t k = 0; k < eager.p.size(); ++k) {
      CHECK(same_bits(eager.p[k], other.p[k]));
      CHECK(same_bits(eager.p[k].grad(), other.p[k].grad()));
    }
    eager.optimizer.set_lr(0.1 / (i + 1)), other.optimizer.set_lr(0.1 / (i + 1));
    eager.step();
    step();
  }
  CHECK(step.is_planned());
}

}  // namespace

TEST_CASE("a replayed training step has the bits of the eager one, with its optimizer and learning rate") {
  check_training<optim::SGD>(optim::SgdOptions{.lr = 0.5});
  check_training<optim::SGD>(optim::SgdOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.5});
  check_training<optim::Adam>(optim::AdamOptions{.lr = 0.1});
}

TEST_CASE("a replay that is verified goes on as the eager step does") {
  Xor<optim::Adam> eager(optim::AdamOptions{.lr = 0.1}), other(optim::AdamOptions{.lr = 0.1});
  Replay step = capture([&] { other.step(); }, {.verify = true});
  eager.step();
  for (int i = 0; i < 10; ++i) {
    step();
    eager.step();
    CHECK(same_bits(eager.loss, other.loss));
    for (std::size_t k = 0; k < eager.p.size(); ++k) CHECK(same_bits(eager.p[k], other.p[k]));
  }
}

TEST_CASE("a replay reads what was written into the tensors of the step, and overwrites its results") {
  Tensor x = tensor({1.0, 2.0}, {.dtype = float64}), y;
  Replay step = capture([&] { y = exp(x) * 2 + x; });
  step();
  REQUIRE(step.is_planned());
  const Tensor result = y, kept = y.clone();

  x.copy_(tensor({0.0, 3.0}, {.dtype = float64}));
  step();

  CHECK(result.to_vector<double>() == std::vector<double>{2, std::exp(3.0) * 2 + 3});
  CHECK(kept.to_vector<double>() == std::vector<double>{std::exp(1.0) * 2 + 1, std::exp(2.0) * 2 + 2});
}

TEST_CASE("a step that clears its gradients at its end leaves none") {
  Tensor w = tensor({3.0}, {.dtype = float64, .requires_grad = true}), seen;
  Replay step = capture([&] {
    sum(square(w)).backward();
    seen = w.grad().clone();
    w.zero_grad();
  });
  for (int i = 0; i < 3; ++i) step();

  CHECK(step.is_planned());
  CHECK_FALSE(w.grad().defined());
  CHECK(seen.item() == 6);
}

TEST_CASE("a step that does not clear its gradients adds to them") {
  Tensor w = tensor({3.0}, {.dtype = float64, .requires_grad = true});
  Replay step = capture([&] { sum(square(w)).backward(); });
  for (int i = 1; i < 7; ++i) {
    CHECK(w.grad().item() == 6 * i);
    step();
  }

  CHECK(step.is_planned());
}

TEST_CASE("memory of a step is used again within it, and results outlive the replay") {
  Tensor x = ones({1000}), y;
  {
    Replay step = capture([&] {
      y = x;
      for (int i = 0; i < 50; ++i) y = y + 1;
    });
    step();
    step();
    CHECK(step.arena_bytes() < 6 * 4 * 1024);
    CHECK(step.value_bytes() > 50 * 4000);
  }
  const Tensor other = full({1000}, 7);

  CHECK(y.at({999}) == 51);
  CHECK(other.at({0}) == 7);
}

TEST_CASE("steps allocate nothing when they are planned") {
  Xor<optim::SGD> net(optim::SgdOptions{.lr = 0.5});
  Replay step = capture([&] { net.step(); });
  for (int i = 0; i < 3; ++i) step();
  const MemoryStats before = memory_stats();

  for (int i = 0; i < 100; ++i) step();

  CHECK(memory_stats().system_calls == before.system_calls);
  CHECK(memory_stats().live_nodes == before.live_nodes);
}

TEST_CASE("a plan names its kernels, and times them") {
  Tensor x = ones({100}), y;
  Replay step = capture([&] { y = x + x; });
  step();

  const auto runs = step.runs();
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].name == "zip");
  CHECK(runs[0].extent == 100);
  CHECK(runs[0].bytes == 1200);
  CHECK(step.str().find("zip") != std::string::npos);
  const auto timed = step.profile(10);
  CHECK(timed[0].seconds > 0);
}

TEST_CASE("a graph that saved a result knows that a replay has overwritten it") {
  Tensor w = tensor({2.0}, {.requires_grad = true}), x = tensor({3.0}), y;
  Replay step = capture([&] { y = x * 2; });
  step();
  const Tensor loss = sum(w * y);

  step();

  CHECK_THROWS_WITH(loss.backward(), doctest::Contains("was changed in place after it was recorded"));
}
