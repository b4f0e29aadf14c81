#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include <xgrad/core.hpp>

#include "tensor/node.hpp"
#include "xgrad/core/launch.hpp"

using namespace xgrad;
using detail::Node;
using V = std::vector<double>;

// What `grad` looks at, in nodes: a walk writes a place into each recorded node about which it finds out
// whether an input lies behind it, and gathers in no other.

namespace {

Tensor leaf(V v) { return tensor(v, {.requires_grad = true}); }

constexpr std::uint32_t untouched = 0xABCDEF;

/// All recorded nodes behind y, with places that no walk gives.
std::vector<Node*> marked_behind(const Tensor& y) {
  std::vector<Node*> nodes;
  const auto reach = [&](Node* n) {
    if (!n || !n->op || n->place.get() == untouched) return;
    n->place.set(untouched);
    nodes.push_back(n);
  };
  reach(y.node());
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (int k = 0; k < nodes[i]->input_count; ++k) reach(nodes[i]->inputs()[k]);
  return nodes;
}

std::int64_t touched(const std::vector<Node*>& nodes) {
  return std::count_if(nodes.begin(), nodes.end(), [](Node* n) { return n->place.get() != untouched; });
}

/// The bytes that kernels of this thread read and write.
class Bytes : public detail::KernelListener {
 public:
  void hear(const detail::Kernel&, detail::Work work, std::int64_t, std::int64_t,
            std::int64_t) noexcept override {
    count += work.bytes;
  }
  std::int64_t count = 0;
};

template <class F>
std::int64_t bytes_of_kernels(F f) {
  Bytes bytes;
  f();
  return bytes.count;
}

}  // namespace

TEST_CASE("grad looks at nothing behind its inputs") {
  Tensor x = leaf({1, 2});
  for (int i = 0; i < 100; ++i) x = x * 1.5 + 1;
  const std::vector<Node*> history = marked_behind(x);
  const Tensor y = sum(square(x));

  const Tensor g = grad(y, {x}, {.retain_graph = true})[0];

  CHECK(touched(history) == 0);
  CHECK(allclose(g, 2 * x));
}

TEST_CASE("grad looks no further than up to the first input beside the ops") {
  const Tensor w = leaf({0.5, 2}), b = leaf({1, 1});
  Tensor x = tensor(V{1, 2});
  for (int i = 0; i < 100; ++i) x = x * w + b;
  const Tensor y = sum(x);
  const std::vector<Node*> nodes = marked_behind(y);

  const std::vector<Tensor> g = grad(y, {w, b}, {.retain_graph = true});
  const std::int64_t looked = touched(nodes);
  y.backward();

  CHECK(nodes.size() == 201);
  CHECK(looked == 2);  // those before the first op beside which an input lies
  CHECK(equal(g[0], w.grad()));
  CHECK(equal(g[1], b.grad()));
}

TEST_CASE("a graph that leads to no input is looked through once") {
  const Tensor a = leaf({2}), w = leaf({3});
  Tensor x = w;
  for (int i = 0; i < 20; ++i) x = x + x;  // 2^20 ways to w
  const Tensor y = sum(x * a);

  const Tensor g = grad(y, {a})[0];

  CHECK(g.item() == 3.0 * (1 << 20));
}

TEST_CASE("an unrolled optimizer looks at as many nodes in its last step as in its first") {
  Tensor x = leaf({1, 2, 3});
  std::vector<std::int64_t> looked;
  for (int step = 0; step < 50; ++step) {
    const std::vector<Node*> history = marked_behind(x);
    x = x - 1e-2 * grad(sum(square(x) * x), {x}, {.create_graph = true})[0];
    looked.push_back(touched(history));
  }

  CHECK(std::accumulate(looked.begin(), looked.end(), std::int64_t{0}) == 0);
}

TEST_CASE("grad by an input and by what it is made of, and with partial derivatives") {
  const Tensor a = leaf({3});
  const Tensor b = a * a;
  const Tensor y = sum(a * b);

  const std::vector<Tensor> all = grad(y, {a, b}, {.retain_graph = true});
  const std::vector<Tensor> part = grad(y, {a, b}, {.retain_graph = true, .partial = true});

  CHECK(all[0].item() == 27);
  CHECK(all[1].item() == 3);
  CHECK(part[0].item() == 9);
  CHECK(part[1].item() == 3);
}

TEST_CASE("a walk within a walk over the same nodes leaves what the outer one knows right") {
  // The vjp starts a grad that marks nodes which the outer grad asks about again later.
  const Tensor a = leaf({2}), c = leaf({5});
  const Tensor trunk = a * 3, other = c * 7;
  const Tensor inner = sum(trunk * other);
  const CustomOp op = custom_op(
      "asks", [](NoState&, const Tensor& x) { return x * 1; },
      [&](const CustomCall<NoState>&, const Tensor& g) {
        grad(inner, {c}, {.retain_graph = true});
        return g;
      });
  const Tensor y = sum(op(trunk * other) + other * 10);

  const std::vector<Tensor> g = grad(y, {a}, {.retain_graph = true});
  const std::vector<Tensor> h = grad(y, {c}, {.retain_graph = true});

  CHECK(g[0].item() == 3 * 35);
  CHECK(h[0].item() == 7 * 6 + 70);
}

TEST_CASE("walks that end at a recorded tensor write nothing into it") {
  const Tensor w = leaf({0.5});
  const Tensor h = w * 2;
  const Tensor y = sum(h * h);

  const Tensor g = grad(y, {h}, {.retain_graph = true})[0];

  CHECK(g.item() == 2);
  CHECK(h.node()->grad == nullptr);
  CHECK_FALSE(h.node()->queued);
}

TEST_CASE("a hook of an input of grad runs once, on the whole gradient") {
  const Tensor w = leaf({0.5});
  const Tensor h = w * 2;
  int calls = 0;
  register_hook(h, [&](const Tensor& g) { return ++calls, 10 * g; });

  const Tensor g = grad(sum(h * 3) + sum(h * 4), {h})[0];

  CHECK(calls == 1);
  CHECK(g.item() == 70);
}

TEST_CASE("grad through what another walk has freed is an error, and through what lies behind is not") {
  const Tensor w = leaf({0.5});
  const Tensor h = w * 2;
  sum(h * h).backward();  // frees h

  CHECK(grad(sum(h * 3), {h})[0].item() == 3);
  CHECK_THROWS_AS(grad(sum(h * 3), {w}), Error);
}

TEST_CASE("reading parts in a loop costs what the parts are made of") {
  const auto cost = [](std::int64_t n, auto read) {
    const Tensor x = rand({n, 14}, {.dtype = float64}).requires_grad_();
    return static_cast<double>(bytes_of_kernels([&] {
      Tensor total = sum(read(x, 0));
      for (std::int64_t i = 1; i < n; ++i) total = total + sum(read(x, i));
      const Tensor g = grad(total, {x})[0];
      CHECK(equal(g, ones_like(x)));
    }));
  };
  const Tensor columns = arange(14);
  const std::vector<std::function<Tensor(const Tensor&, std::int64_t)>> reads = {
      [](const Tensor& x, std::int64_t i) { return x[i]; },
      [](const Tensor& x, std::int64_t i) { return slice(x, 0, i, i + 1); },
      [](const Tensor& x, std::int64_t i) { return narrow(x, 0, i, 1); },
      [](const Tensor& x, std::int64_t i) {
        return index(x, {i, Slice{}});
      },
      [&](const Tensor& x, std::int64_t i) {
        return index(x, {i, columns});
      },
      [](const Tensor& x, std::int64_t i) { return index_select(x, 0, tensor({i})); },
      [](const Tensor& x, std::int64_t i) {
        return gather(x, 0, full({1, 14}, i));
      },
      [](const Tensor& x, std::int64_t i) { return select(x, 0, i); }};
  for (std::size_t k = 0; k < reads.size(); ++k) {
    INFO("way ", k);
    CHECK(cost(400, reads[k]) < 4.5 * cost(100, reads[k]));
  }
}
