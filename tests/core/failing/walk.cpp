#include <doctest/doctest.h>

#include <xgrad/core.hpp>

#include "core/failing/failing.hpp"

using namespace xgrad;
using test::FailingAllocation;

namespace {

constexpr std::int64_t n = 20'000;  // elements whose memory comes from the system, not from a free list

/// A leaf and a loss above it, through many branches that wait for each other, and an op of several outputs.
struct Graph {
  Tensor a = full({n}, 0.5, {.dtype = float64, .requires_grad = true});
  Tensor h = a * a;
  std::vector<Tensor> halves = split(h, n / 2, 0);
  Tensor y = sum(exp(h) * h + tanh(h) * a) + sum(halves[0] * halves[1] + square(halves[0]));
};

/// What f leaves in a's gradient. It is taken away from there, since that of create_graph keeps its leaf
/// alive.
template <class G, class F>
std::vector<double> gradient(G& graph, F f) {
  f(graph);
  const auto values = graph.a.grad().template to_vector<double>();
  graph.a.zero_grad();
  return values;
}

/// f runs again after the k-th of its allocations has failed, for every k.
template <class Make, class F>
void survives_failing_allocations(Make make, F f) {
  const auto right = [&] {
    auto graph = make();
    return gradient(graph, f);
  }();
  int k = 0;
  for (bool failed = true; failed; ++k) {
    auto graph = make();
    empty_cache();
    {
      const FailingAllocation failing(k);
      try {
        f(graph);
      } catch (const std::exception&) {
      }
      failed = failing.failed();
    }
    if (failed) {
      REQUIRE_FALSE(graph.a.grad().defined());
      REQUIRE(gradient(graph, f) == right);
    }
    graph.a.zero_grad();
  }
  CHECK(k > 5);
}

}  // namespace

TEST_CASE("wherever an allocation fails in a walk, no gradient changes, and a retained graph stays right") {
  survives_failing_allocations([] { return Graph(); },
                               [](Graph& g) { g.y.backward({.retain_graph = true}); });
}

TEST_CASE("wherever an allocation fails in a walk under create_graph, a retained graph stays right") {
  survives_failing_allocations([] { return Graph(); },
                               [](Graph& g) { g.y.backward({.create_graph = true}); });
}

TEST_CASE("wherever an allocation fails in grad, a retained graph stays right") {
  survives_failing_allocations([] { return Graph(); },
                               [](Graph& g) {
                                 g.a.set_grad(grad(g.y, {g.a, g.h}, {.retain_graph = true})[0].clone());
                               });
}

TEST_CASE("wherever an allocation fails in a walk within a walk, a retained graph stays right") {
  struct Nested : Graph {
    bool inner = false;
    Nested() {
      register_hook(h, [this](const Tensor&) {
        if (!inner) {
          inner = true;
          try {
            grad(y, {a}, {.retain_graph = true});
          } catch (...) {
            inner = false;
            throw;
          }
          inner = false;
        }
        return Tensor();
      });
    }
  };
  survives_failing_allocations([] { return Nested(); },
                               [](Graph& g) { g.y.backward({.retain_graph = true}); });
}

TEST_CASE(
    "wherever an allocation fails in a checkpoint, it is an exception, and the stream of random numbers goes "
    "on") {
  const auto noisy = [](const Tensor& t) { return t * rand_like(t) + tanh(t); };
  const auto make = [&] {
    struct Checkpointed {
      Tensor a, y;
    };
    manual_seed(5);
    const Tensor a = full({n}, 0.5, {.dtype = float64, .requires_grad = true});
    return Checkpointed{a, sum(checkpoint(noisy, a))};
  };

  survives_failing_allocations(make, [](auto& g) { g.y.backward({.retain_graph = true}); });
}
