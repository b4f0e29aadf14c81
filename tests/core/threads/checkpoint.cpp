#include <doctest/doctest.h>

#include <algorithm>
#include <thread>
#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

// What a checkpoint draws again, and what other threads draw from the same generator meanwhile.

TEST_CASE("a checkpoint draws the same numbers again although another thread drew in between") {
  const Tensor x = ones({4}, {.dtype = float64, .requires_grad = true});
  manual_seed(3);
  V drawn;
  const auto noisy = [&](const Tensor& t) {
    const Tensor first = rand_like(t);
    std::thread([] { rand({100}); }).join();
    const Tensor y = t * (first + 10 * rand_like(t));
    drawn = y.detach().to_vector<double>();
    return y;
  };

  const Tensor y = checkpoint(noisy, x);
  const V forward = drawn;
  sum(y).backward();

  CHECK(x.grad().to_vector<double>() == forward);
}

TEST_CASE("numbers that other threads draw do not repeat while a checkpoint draws again") {
  // A stream of 64-bit numbers has no repetition among a thousand but with a chance of 3e-14.
  const Tensor x = ones({4}, {.requires_grad = true});
  std::vector<std::uint64_t> elsewhere;
  const Tensor y = checkpoint(
      [&](const Tensor& t) {
        const Tensor z = t * rand_like(t);
        std::thread([&] { elsewhere.push_back(default_generator().draw64()); }).join();
        return z;
      },
      x);

  for (int i = 0; i < 1000; ++i) sum(y).backward({.retain_graph = true});

  std::sort(elsewhere.begin(), elsewhere.end());
  CHECK(elsewhere.size() == 1001);
  CHECK(std::adjacent_find(elsewhere.begin(), elsewhere.end()) == elsewhere.end());
}

TEST_CASE("checkpoints within checkpoints draw the same numbers again, also under second derivatives") {
  const Tensor x = full({3}, 0.7, {.dtype = float64, .requires_grad = true});
  manual_seed(9);
  const Tensor a = rand({3}, {.dtype = float64}), b = rand({3}, {.dtype = float64}), next = rand({2});
  manual_seed(9);

  const Tensor y = checkpoint(
      [](const Tensor& t) {
        const Tensor u = t * rand_like(t);
        return checkpoint([](const Tensor& v) { return v * v * rand_like(v); }, u);
      },
      x);
  const Tensor g = grad(sum(y), {x}, {.create_graph = true})[0];
  const Tensor h = grad(sum(g), {x})[0];

  CHECK(allclose(h, 2 * a * a * b, 1e-14, 0));
  CHECK(rand({2}).to_vector<double>() == next.to_vector<double>());
}

TEST_CASE("a checkpoint may seed the generator") {
  const Tensor x = ones({2}, {.dtype = float64, .requires_grad = true});
  const auto seeded = [](const Tensor& t) {
    const Tensor first = rand_like(t);
    manual_seed(11);
    return t * (first + rand_like(t));
  };

  const Tensor y = checkpoint(seeded, x);
  const V value = y.detach().to_vector<double>();
  sum(y).backward();

  CHECK(x.grad().to_vector<double>() == value);
}
