#include <doctest/doctest.h>

#include <cmath>

#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

// A hook or a rule may start walks of its own, through tensors that the outer walk has reached, visits or
// will visit: what a walk knows of a node is the walk's.

namespace {

Tensor leaf(V v) { return tensor(v, {.requires_grad = true}); }

/// Runs `what` in the first call of a hook of x.
void once(const Tensor& x, std::function<void()> what) {
  register_hook(x, [what = std::move(what), done = false](const Tensor&) mutable {
    if (!std::exchange(done, true)) what();
    return Tensor();
  });
}

}  // namespace

TEST_CASE("a hook may start a backward through the tensor that it watches") {
  const Tensor a = leaf({1});
  const Tensor h = a * 3;
  const Tensor y = sum(h * 2), aux = sum(h * 5);
  once(h, [&] { aux.backward({.retain_graph = true}); });

  y.backward({.retain_graph = true});

  CHECK(a.grad().item() == 2 * 3 + 5 * 3);
}

TEST_CASE("a walk from a hook leaves the contributions that wait in the outer walk alone") {
  // p and q wait with a part of their cotangents when the hook of h walks through both.
  const Tensor a = leaf({1});
  const Tensor p = a * 2, q = a * 7;
  const Tensor h = p * q;                                // 14: dh/da = 2 * 7 + 7 * 2 = 28
  const Tensor y = sum(h) + sum(p * 10) + sum(q * 100);  // dy/da = 28 + 20 + 700
  const Tensor aux = sum(p * 1000) + sum(h);             // daux/da = 2000 + 28
  once(h, [&] { aux.backward({.retain_graph = true}); });

  y.backward({.retain_graph = true});

  CHECK(a.grad().item() == 748 + 2028);
}

TEST_CASE("a walk from a hook may go through an op with several outputs that waits") {
  const Tensor a = leaf({1, 2, 3, 4});
  const std::vector<Tensor> parts = split(a * 2, 2, 0);
  const Tensor h = parts[0] * 3;
  const Tensor y = sum(h) + sum(parts[1] * 10), aux = sum(parts[0] * 100) + sum(parts[1]);
  once(h, [&] { aux.backward({.retain_graph = true}); });

  y.backward({.retain_graph = true});

  CHECK(a.grad().to_vector<double>() == V{2 * 3 + 200, 2 * 3 + 200, 20 + 2, 20 + 2});
}

TEST_CASE("walks nest to any depth") {
  const Tensor a = leaf({1});
  const Tensor h = a * 2;
  const Tensor y = sum(h * 3);
  int depth = 0;
  register_hook(h, [&](const Tensor&) {
    if (++depth < 5) y.backward({.retain_graph = true});
    return Tensor();
  });

  y.backward({.retain_graph = true});

  CHECK(a.grad().item() == 5 * 6);
}

TEST_CASE("a walk from a hook that frees what the outer walk will visit is an error") {
  const Tensor a = leaf({1});
  const Tensor h = a * 3 * 1;
  const Tensor y = sum(h * 2), aux = sum(h * 5);
  once(h, [&] { aux.backward(); });

  CHECK_THROWS_WITH_AS(
      y.backward(),
      "backward: the graph was freed by an earlier backward: it reached mul_number of f64[1]; pass "
      "{.retain_graph = true} to the earlier one, or detach() what it may leave out",
      Error);
  CHECK(a.grad().item() == 15);
}

TEST_CASE("what an outer walk visits is freed by that walk") {
  const std::int64_t before = memory_stats().live_nodes;
  const Tensor a = leaf({1});
  const Tensor h = a * 3;
  const Tensor y = sum(h * 2), aux = sum(h * 5);
  once(h, [&] { aux.backward(); });

  y.backward();

  CHECK(a.grad().item() == 6 + 15);
  CHECK(memory_stats().live_nodes == before);
}

TEST_CASE("a rule whose walk would free the op that is visited reads its inputs all the same") {
  const Tensor a = leaf({3});
  Tensor loss;
  bool again = true;
  const CustomOp strange = custom_op(
      "strange", [](NoState&, const Tensor& x) { return x * x; },
      [&](const CustomCall<NoState>& c, const Tensor& g) {
        if (std::exchange(again, false)) loss.backward();  // walks through this very call
        return 2 * g * c.x(0);
      });
  loss = sum(strange(a));

  loss.backward({.retain_graph = true});

  CHECK(a.grad().item() == 6 + 6);
}

TEST_CASE("a hook that throws in a walk within a walk leaves both graphs usable") {
  const Tensor a = leaf({1});
  const Tensor h = a * 3;
  const Tensor y = sum(h * 2), aux = sum(h * 5);
  bool fail = true;
  HookHandle handle = register_hook(a * 1, [](const Tensor&) { return Tensor(); });
  register_hook(h, [&](const Tensor& g) {
    if (g.item() == 2 && fail) aux.backward({.retain_graph = true});
    if (g.item() == 5 && std::exchange(fail, false)) throw Error("hook: as planned");
    return Tensor();
  });
  CHECK_THROWS_WITH_AS(y.backward({.retain_graph = true}), "hook: as planned", Error);
  CHECK_FALSE(a.grad().defined());

  y.backward({.retain_graph = true});
  aux.backward({.retain_graph = true});

  CHECK(a.grad().item() == 6 + 15);
}

TEST_CASE("a hook of a leaf may start a backward that reaches the leaf") {
  const Tensor a = leaf({1});
  const Tensor y = sum(a * 2), aux = sum(a * 5);
  once(a, [&] { aux.backward(); });

  y.backward();

  CHECK(a.grad().item() == 2 + 5);
}

TEST_CASE("grad frees nothing behind its inputs") {
  const Tensor w = leaf({0.5});
  const Tensor h = tanh(w);
  const double slope = 1 - std::tanh(0.5) * std::tanh(0.5);

  const Tensor g = grad(sum(h * h), {h})[0];
  sum(h * 3).backward();

  CHECK(g.item() == doctest::Approx(2 * std::tanh(0.5)).epsilon(1e-15));
  CHECK(w.grad().item() == doctest::Approx(3 * slope).epsilon(1e-15));
}

TEST_CASE("grad of a recorded tensor with respect to itself frees nothing") {
  const Tensor w = leaf({0.5});
  const Tensor h = w * 2;

  CHECK(grad(h, {h})[0].item() == 1);
  CHECK(grad(h, {w})[0].item() == 2);
}

TEST_CASE("grad frees what lies between an output and an input, also where an input lies on the way") {
  const Tensor w = leaf({0.5});
  const Tensor h = w * 2;
  const Tensor y = sum(h * h);

  grad(y, {h, w});

  CHECK_THROWS_AS(grad(y, {w}), Error);
  CHECK_THROWS_AS(sum(h * 3).backward(), Error);
}

TEST_CASE("the vjp of a custom op may call grad on its recorded input") {
  const Tensor w = leaf({0.5, 2});
  const CustomOp cube = custom_op(
      "cube", [](NoState&, const Tensor& x) { return x * x * x; },
      [](const CustomCall<NoState>& c, const Tensor& g) {
        const EnableGrad guard;
        const Tensor x = c.x(0);
        return grad({x * x * x}, {x}, {g}, {.create_graph = true})[0];
      });

  sum(cube(w * 2)).backward();  // 8 w^3

  CHECK(w.grad().to_vector<double>() == V{24 * 0.25, 24 * 4});
}

TEST_CASE("gradients that grad returns share elements with nothing") {
  const Tensor a = leaf({1}), b = leaf({2});
  const Tensor cotangent = tensor(V{3});

  std::vector<Tensor> g = grad({a + b}, {a, b, a}, {cotangent});
  g[0].fill_(7);

  CHECK(cotangent.item() == 3);
  CHECK(g[1].item() == 3);
  CHECK(g[2].item() == 3);
}

TEST_CASE("gradients that grad returns under create_graph share elements with nothing that can be written") {
  const Tensor a = leaf({1}), b = leaf({2});
  Tensor cotangent = leaf({3});

  const std::vector<Tensor> g = grad({a + b}, {a, b}, {cotangent}, {.create_graph = true});
  {
    const NoGrad guard;
    cotangent.fill_(7);
  }

  CHECK(g[0].item() == 3);
  CHECK(g[1].item() == 3);
  CHECK(grad(g[0], {cotangent})[0].item() == 1);
}
