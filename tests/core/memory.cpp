#include <doctest/doctest.h>

#include <thread>
#include <xgrad/core.hpp>

using namespace xgrad;

namespace {

std::int64_t live() { return memory_stats().live_nodes; }

Tensor leaf(double v) { return full({1}, v, {.dtype = float64, .requires_grad = true}); }

}  // namespace

TEST_CASE("a chain of a million ops is built, differentiated and destroyed without recursion") {
  // tests/CMakeLists.txt runs this under the default stack of 8 MiB.
  const std::int64_t before = live();
  const Tensor x = leaf(1);
  {
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y + 1;
    CHECK(live() - before == 1'000'000);

    y.backward();
  }

  CHECK(x.grad().item() == 1);
  CHECK(live() == before);
}

TEST_CASE("a chain of a million ops that is never differentiated is destroyed without recursion") {
  const std::int64_t before = live();
  const Tensor x = leaf(1);
  {
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y * x;
  }

  CHECK(live() == before);
}

TEST_CASE("graphs that are built and dropped leave no node") {
  const std::int64_t before = live();
  const Tensor x = leaf(2);

  for (int i = 0; i < 100'000; ++i) {
    const Tensor y = x * x + x;
    if (i % 2) y.backward();
  }

  CHECK(live() == before);
}

TEST_CASE("kept detached losses keep no node alive") {
  const std::int64_t before = live();
  const Tensor x = leaf(2);
  std::vector<Tensor> losses;

  for (int i = 0; i < 100'000; ++i) losses.push_back((x * x * static_cast<double>(i)).detach());

  CHECK(live() == before);
  CHECK(losses[10].item() == 40);
}

TEST_CASE("a node dies when backward has used it, although the loss is still held") {
  const std::int64_t before = live();
  const Tensor x = leaf(2);

  const Tensor y = x * x + x;
  y.backward();

  CHECK(live() == before);
  CHECK(y.item() == 6);
}

TEST_CASE("gradients under create_graph leak nothing") {
  const std::int64_t before = live();
  {
    const Tensor x = leaf(2);
    for (int i = 0; i < 1000; ++i) {
      const Tensor g = grad(x * x * x, {x}, {.create_graph = true})[0];
      const Tensor h = grad(g, {x}, {.create_graph = true})[0];
      CHECK(h.item() == 12);
    }
  }

  CHECK(live() == before);
}

TEST_CASE("a leaf whose gradient has a graph leaks nothing once the gradient is cleared") {
  const std::int64_t before = live();
  Tensor x = leaf(2);

  (x * x).backward({.create_graph = true});
  CHECK(x.grad().requires_grad());
  CHECK(memory_stats().recorded_gradients == 1);
  x.zero_grad();

  CHECK(live() == before);
  CHECK(memory_stats().recorded_gradients == 0);
}

TEST_CASE("a value that no rule and no user needs dies at once") {
  const Tensor x = ones({1 << 20}, {.requires_grad = true});
  (x + 1).detach();  // warm
  const std::int64_t reserved = memory_stats().reserved_bytes;

  Tensor y = x + 1;
  for (int i = 0; i < 20; ++i) y = y + 1;  // 4 MiB each, of which two live at a time

  CHECK(memory_stats().reserved_bytes - reserved <= 3 * (5 << 20));
}

TEST_CASE("a steady loop asks the system for nothing") {
  const Tensor w = ones({64, 64}, {.requires_grad = true});
  const Tensor x = ones({64, 64});
  [[maybe_unused]] std::int64_t calls = 0;

  for (int i = 0; i < 20; ++i) {
    if (i == 10) calls = memory_stats().system_calls;
    sum(matmul(x, w) * x).backward();
  }

#ifndef __SANITIZE_ADDRESS__
  CHECK(memory_stats().system_calls == calls);
#endif
}

TEST_CASE("buffers that one thread makes and another frees keep memory flat") {
  std::int64_t reserved = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<Tensor> batch;
    for (int i = 0; i < 50; ++i) batch.push_back(ones({round % 2 ? 100 : 100'000}));
    std::thread([taken = std::move(batch)]() mutable { taken.clear(); }).join();
    if (round == 50) reserved = memory_stats().reserved_bytes;
  }

  CHECK(memory_stats().reserved_bytes <= reserved + (4 << 20));
}

TEST_CASE("two threads train independent models") {
  const auto train = [](double target, double* result) {
    Tensor w = leaf(0);
    for (int i = 0; i < 2000; ++i) {
      const Tensor loss = sum(square(w - target));
      w.zero_grad();
      loss.backward();
      const NoGrad guard;
      w -= 0.1 * w.grad();
    }
    *result = w.item();
  };
  double a = 0, b = 0;

  std::thread first(train, 3.0, &a), second(train, -5.0, &b);
  first.join();
  second.join();

  CHECK(a == doctest::Approx(3).epsilon(1e-12));
  CHECK(b == doctest::Approx(-5).epsilon(1e-12));
}

TEST_CASE("threads may differentiate through shared leaves with grad") {
  const Tensor w = leaf(3);
  std::vector<double> results(4);
  std::vector<std::thread> threads;

  for (int k = 0; k < 4; ++k)
    threads.emplace_back([&, k] {
      for (int i = 0; i < 1000; ++i)
        results[static_cast<std::size_t>(k)] = grad(w * w * (k + 1), {w})[0].item();
    });
  for (std::thread& t : threads) t.join();

  CHECK(results == std::vector<double>{6, 12, 18, 24});
  CHECK_FALSE(w.grad().defined());
}
