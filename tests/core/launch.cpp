// The door of kernels: who hears which of them, and that nobody's listening changes what they do.

#include "xgrad/core/launch.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/threads/threads.hpp"

using namespace xgrad;
using namespace xgrad::detail;

namespace {

struct Run {
  std::string name;
  Work work;
  std::int64_t n, begin, end;
};

struct Listener : KernelListener {
  std::vector<Run> runs;
  void hear(const Kernel& kernel, Work work, std::int64_t n, std::int64_t begin,
            std::int64_t end) noexcept override {
    runs.push_back({kernel.name, work, n, begin, end});
  }
  std::string names() const {
    std::string all;
    for (const Run& r : runs) all += (all.empty() ? "" : " ") + r.name;
    return all;
  }
};

constexpr Kernel first = {.name = "first"}, second = {.name = "second"};

const auto nothing = [] {};

/// One pass over n elements, which counts them.
std::int64_t count_by_pass(std::int64_t n) {
  std::atomic<std::int64_t> count = 0;
  launch(first, {.bytes = n, .flops = 2 * n}, n,
         [&](std::int64_t from, std::int64_t to) { count += to - from; });
  return count;
}

std::int64_t count_by_blocks(std::int64_t n, std::int64_t size) {
  std::atomic<std::int64_t> count = 0;
  launch(first, {.bytes = n, .flops = 2 * n}, n, size,
         [&](std::int64_t from, std::int64_t to) { count += to - from; });
  return count;
}

Tensor as_image(const Tensor& x) { return reshape(x, {1, 1, x.size(0), x.size(1)}); }
Tensor kernels() { return reshape(arange(18, float32), {2, 1, 3, 3}); }

bool nobody_listens() { return longest_unheard == std::uint64_t{large_work}; }

}  // namespace

TEST_CASE("a kernel is heard once, whether it is one block or many") {
  for (const int threads : {1, 3}) {
    const Threads guard(threads);
    for (const std::int64_t n :
         {std::int64_t{1}, std::int64_t{1000}, large_work, large_work + 1, 10 * large_work}) {
      const Listener ear;
      CHECK(count_by_pass(n) == n);
      CHECK(count_by_blocks(n, 300) == n);
      CHECK(count_by_blocks(n, n) == n);
      REQUIRE(ear.runs.size() == 3);
      for (const Run& r : ear.runs) {
        CHECK(r.name == "first");
        CHECK(r.n == n);
        CHECK(r.work.bytes == n);
        CHECK(r.work.flops == 2 * n);
        CHECK(r.begin <= r.end);
      }
      CHECK(ear.runs[0].end <= ear.runs[1].begin);
    }
  }
}

TEST_CASE("a kernel over no elements is neither run nor heard") {
  const auto run = [] { return count_by_pass(0) + count_by_blocks(0, 8); };
  CHECK(run() == 0);
  const Listener ear;
  CHECK(run() == 0);
  CHECK(ear.runs.empty());
}

TEST_CASE("a pass that is heard is cut as one that is not") {
  for (const std::int64_t n : {std::int64_t{1}, large_work, large_work + 1, 3 * large_work + 5}) {
    const Threads one(1);
    std::vector<std::int64_t> heard, unheard;
    const auto run = [n](std::vector<std::int64_t>& starts) {
      launch(first, {}, n, [&](std::int64_t from, std::int64_t) { starts.push_back(from); });
    };
    run(unheard);
    {
      const Listener ear;
      run(heard);
    }
    CHECK(heard == unheard);
  }
}

TEST_CASE("listeners nest, and all of them hear") {
  const Listener outer;
  launch(first, {}, nothing);
  {
    const Listener inner;
    CHECK(inner.outer() == &outer);
    launch(second, {}, nothing);
    CHECK(inner.names() == "second");
  }
  launch(first, {}, nothing);
  CHECK(outer.names() == "first second first");
}

TEST_CASE("listeners may be left out of their order") {
  for (const bool outer_first : {false, true}) {
    auto outer = std::make_unique<Listener>(), middle = std::make_unique<Listener>(),
         inner = std::make_unique<Listener>();
    middle.reset();
    launch(first, {}, nothing);
    CHECK(outer->names() == "first");
    CHECK(inner->names() == "first");
    auto& leaves = outer_first ? outer : inner;
    auto& stays = outer_first ? inner : outer;
    leaves.reset();
    launch(second, {}, nothing);
    CHECK(stays->names() == "first second");
    CHECK(!nobody_listens());
    stays.reset();
    CHECK(nobody_listens());
  }
}

TEST_CASE("what a kernel runs is a part of it") {
  for (const int threads : {1, 3}) {
    const Threads guard(threads);
    const Listener ear;
    launch(first, {}, [] { launch(second, {}, nothing); });
    launch(first, {}, 8, 1, [](std::int64_t, std::int64_t) { count_by_pass(10 * large_work); });
    launch(second, {}, nothing);  // the door is as it was
    CHECK(ear.names() == "first first second");
  }
}

TEST_CASE("a ear that comes within a kernel hears what follows there") {
  const Listener outer;
  launch(first, {}, [] {
    const Listener inner;
    launch(second, {}, nothing);
    CHECK(inner.names() == "second");
  });
  CHECK(outer.names() == "second first");
  launch(second, {}, nothing);
  CHECK(outer.names() == "second first second");
}

TEST_CASE("nothing is heard in a pause") {
  const Listener ear;
  {
    const KernelListener::Pause pause;
    launch(first, {}, nothing);
    CHECK(count_by_pass(3 * large_work) == 3 * large_work);
  }
  launch(second, {}, nothing);
  CHECK(ear.names() == "second");
}

TEST_CASE("an exception in a kernel leaves the door as it was") {
  const auto fails = [](std::int64_t n) {
    launch(first, {}, n, [n](std::int64_t, std::int64_t last) {
      if (last == n) throw std::runtime_error("no");
    });
  };
  for (const int threads : {1, 3}) {
    const Threads guard(threads);
    for (const std::int64_t n : {std::int64_t{5}, 4 * large_work}) {
      CHECK_THROWS_WITH(fails(n), "no");
      CHECK(nobody_listens());
      {
        const Listener ear;
        CHECK_THROWS_WITH(fails(n), "no");
        CHECK_THROWS_WITH(launch(second, {}, [] { throw std::runtime_error("neither"); }), "neither");
        CHECK(!nobody_listens());
        CHECK(ear.runs.empty());  // they did not end
        launch(second, {}, nothing);
        CHECK(ear.names() == "second");
      }
      CHECK(nobody_listens());
    }
  }
}

TEST_CASE("kernels on other threads are not heard") {
  const Listener ear;
  std::string there;
  std::thread([&] {
    CHECK(nobody_listens());
    launch(first, {}, nothing);
    const Listener own;
    launch(second, {}, nothing);
    there = own.names();
  }).join();
  CHECK(there == "second");
  CHECK(ear.runs.empty());
}

TEST_CASE("values have the same bits with a ear") {
  const std::vector<std::pair<const char*, std::function<Tensor(const Tensor&)>>> functions = {
      {"rand", [](const Tensor& x) { return rand_like(x, {}, Generator(1)); }},
      {"randn", [](const Tensor& x) { return randn_like(x, {}, Generator(1)); }},
      {"randperm", [](const Tensor& x) { return randperm(x.numel(), {}, Generator(1)); }},
      {"arange",
       [](const Tensor& x) { return arange(0.5, 0.5 + 0.1 * static_cast<double>(x.numel()), 0.1); }},
      {"linspace", [](const Tensor& x) { return linspace(-1, 2, x.numel()); }},
      {"eye", [](const Tensor& x) { return eye(x.size(1)); }},
      {"full_like", [](const Tensor& x) { return full_like(x, 0.1); }},
      {"arithmetic", [](const Tensor& x) { return x * 3 - x / (x + 2); }},
      {"exp", [](const Tensor& x) { return exp(x); }},
      {"sum", [](const Tensor& x) { return sum(x); }},
      {"mean", [](const Tensor& x) { return mean(x, 0); }},
      {"var", [](const Tensor& x) { return var(x, 1); }},
      {"stddev", [](const Tensor& x) { return stddev(x, 0); }},
      {"norm", [](const Tensor& x) { return norm(x, 2, 0); }},
      {"norm 3", [](const Tensor& x) { return norm(x, 3, 1); }},
      {"logsumexp", [](const Tensor& x) { return logsumexp(x, 1); }},
      {"cumsum", [](const Tensor& x) { return cumsum(x, 0); }},
      {"cummax", [](const Tensor& x) { return cummax(x, 1).values; }},
      {"sort", [](const Tensor& x) { return sort(x, 1).indices; }},
      {"topk", [](const Tensor& x) { return topk(x, 2, 1).values; }},
      {"median", [](const Tensor& x) { return median(x, 0, true).indices; }},
      {"tril", [](const Tensor& x) { return tril(x); }},
      {"pad",
       [](const Tensor& x) {
         return pad(x, {2, 3}, PadMode::reflect);
       }},
      {"nonzero", [](const Tensor& x) { return nonzero(x > 0.5); }},
      {"index", [](const Tensor& x) { return x.index({x > 0.5}); }},
      {"max_pool2d", [](const Tensor& x) { return max_pool2d(as_image(x), 2); }},
      {"avg_pool2d", [](const Tensor& x) { return avg_pool2d(as_image(x), 3); }},
      {"conv2d", [](const Tensor& x) { return conv2d(as_image(x), kernels()); }},
      {"strided conv2d", [](const Tensor& x) { return conv2d(as_image(x), kernels(), {}, {.stride = 2}); }},
  };
  for (const int threads : {1, 3}) {
    const Threads guard(threads);
    for (const Shape& shape : {Shape{6, 10}, Shape{700, 300}}) {
      const Tensor x = rand(shape, {}, Generator(7));
      for (const auto& function : functions) {
        const auto& name = function.first;
        const auto& f = function.second;
        CAPTURE(name);
        const Tensor unheard = f(x);
        Tensor heard;
        {
          const Listener ear;
          heard = f(x);
          CHECK(!ear.runs.empty());
        }
        CHECK(equal(heard, unheard));
      }
    }
  }
}

TEST_CASE("gradients have the same bits with a ear") {
  const auto gradients = [](const Shape& shape) {
    const Tensor x = rand(shape, {}, Generator(7)).requires_grad_();
    const Tensor image = reshape(x, {2, 1, shape[0] / 2, shape[1]});
    const Tensor w = kernels().requires_grad_();
    const Tensor y = max_pool2d(conv2d(image, w, {}, {.padding = 1}), 2) +
                     avg_pool2d(conv2d(image, w, {}, {.padding = 1}), 2);
    return grad({sum(y * y)}, {x, w});
  };
  for (const Shape& shape : {Shape{8, 10}, Shape{700, 300}}) {
    const auto unheard = gradients(shape);
    const Listener ear;
    const auto heard = gradients(shape);
    REQUIRE(heard.size() == unheard.size());
    for (std::size_t i = 0; i < heard.size(); ++i) CHECK(equal(heard[i], unheard[i]));
  }
}
