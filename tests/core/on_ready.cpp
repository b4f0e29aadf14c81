#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;
using Names = std::vector<std::string>;

namespace {

Tensor leaf(V v) { return tensor(v, {.requires_grad = true}); }

/// Writes down the order of what happens in a walk.
struct Log {
  Names names;

  void ready(const Tensor& w, const std::string& name) {
    on_ready(w, [this, name](const Tensor&) { names.push_back(name); });
  }
  /// x, whose rule writes down that it has been run.
  Tensor passing(const Tensor& x, const std::string& name) {
    return custom_op(
        "passing", [](NoState&, const Tensor& t) { return t * 1; },
        [this, name](const CustomCall<NoState>&, const Tensor& g) {
          names.push_back(name);
          return g;
        })(x);
  }
};

/// x, from which no gradient comes.
Tensor without_gradient(const Tensor& x) {
  return custom_op(
      "without_gradient", [](NoState&, const Tensor& t) { return t * 1; },
      [](const CustomCall<NoState>&, const Tensor&) { return Tensor(); })(x);
}

}  // namespace

TEST_CASE("a leaf is ready as soon as its last contribution has arrived, before what lies further back") {
  const Tensor w1 = leaf({2}), w2 = leaf({3}), w3 = leaf({4});
  Log log;
  log.ready(w1, "w1"), log.ready(w2, "w2"), log.ready(w3, "w3");

  const Tensor a = log.passing(w1 * 5, "a");
  const Tensor b = log.passing(w2 * a, "b");
  (w3 * b).backward();

  CHECK(log.names == Names{"w3", "b", "w2", "a", "w1"});
}

TEST_CASE("a leaf that is used twice is ready once, with the sum") {
  const Tensor w = leaf({2, 3}), v = leaf({1, 1});
  Log log;
  V seen;
  on_ready(w, [&](const Tensor& g) { seen = g.to_vector<double>(), log.names.push_back("w"); });
  log.ready(v, "v");

  const Tensor early = log.passing(w * v, "early");
  sum(w * early).backward();  // w^2 v

  CHECK(log.names == Names{"early", "w", "v"});
  CHECK(seen == V{4, 6});
  CHECK(w.grad().to_vector<double>() == V{4, 6});
}

TEST_CASE("both operands of one op may be the same leaf") {
  const Tensor w = leaf({2, 3});
  int calls = 0;
  on_ready(w, [&](const Tensor& g) {
    ++calls;
    CHECK(g.to_vector<double>() == V{4, 6});
  });

  sum(w * w).backward();

  CHECK(calls == 1);
}

TEST_CASE("a leaf does not wait for a path on which no gradient comes") {
  const Tensor w = leaf({2}), v = leaf({3});
  Log log;
  log.ready(w, "w"), log.ready(v, "v");

  const Tensor base = log.passing(v * 2, "base");
  const Tensor blocked = without_gradient(exp(w * 3) + 1);
  (w * base + blocked).backward();

  CHECK(log.names == Names{"w", "base", "v"});
  CHECK(w.grad().item() == 6);
}

TEST_CASE("a leaf that no gradient reaches is never ready") {
  const Tensor w = leaf({2}), v = leaf({3}), outside = leaf({4});
  Log log;
  log.ready(w, "w"), log.ready(v, "v"), log.ready(outside, "outside");

  (v * 2 + without_gradient(w * 3)).backward();

  CHECK(log.names == Names{"v"});
  CHECK_FALSE(w.grad().defined());
}

TEST_CASE("outputs of one op that are used and not used make their input ready once") {
  const Tensor w = leaf({1, 2, 3, 4});
  Log log;
  log.ready(w, "w");

  const std::vector<Tensor> parts = split(w * 2, 1, 0);
  const Tensor y = sum(parts[0] * parts[2]);
  y.backward();

  CHECK(log.names == Names{"w"});
  CHECK(w.grad().to_vector<double>() == V{12, 0, 4, 0});
}

TEST_CASE("what backward begins with may be a leaf itself") {
  const Tensor w = leaf({2});
  Log log;
  log.ready(w, "w");

  w.backward();

  CHECK(log.names == Names{"w"});
  CHECK(w.grad().item() == 1);
}

TEST_CASE("on_ready sees this walk's gradient behind the leaf's hooks, and .grad() has it at the end") {
  const Tensor w = leaf({2});
  register_hook(w, [](const Tensor& g) { return g * 10; });
  double seen = 0;
  bool was_there = true;
  on_ready(w, [&](const Tensor& g) { seen = g.item(), was_there = w.grad().defined(); });

  (w * 3).backward();
  CHECK(seen == 30);
  CHECK_FALSE(was_there);
  CHECK(w.grad().item() == 30);

  (w * 4).backward();
  CHECK(seen == 40);
  CHECK(w.grad().item() == 70);
}

TEST_CASE("on_ready may write into the gradient, which nobody shares") {
  const Tensor a = leaf({1, 2}), b = leaf({3, 4});
  on_ready(a, [](Tensor& g) { g *= 100; });

  sum(a + b).backward();  // one cotangent for both

  CHECK(a.grad().to_vector<double>() == V{100, 100});
  CHECK(b.grad().to_vector<double>() == V{1, 1});
}

TEST_CASE("an optimizer may step as gradients arrive and take them away") {
  Tensor w1 = leaf({2}), w2 = leaf({3});
  for (Tensor* w : {&w1, &w2})
    on_ready(*w, [w](Tensor& g) {
      w->sub_(g, 0.1);
      g = {};
    });

  sum(square(w2 * tanh(w1))).backward();

  const double t = std::tanh(2.0);
  CHECK(w2.item() == doctest::Approx(3 - 0.1 * 2 * 3 * t * t));
  CHECK(w1.item() == doctest::Approx(2 - 0.1 * 2 * 9 * t * (1 - t * t)));
  CHECK_FALSE(w1.grad().defined());
  CHECK_FALSE(w2.grad().defined());
}

TEST_CASE("when on_ready throws, no gradient has changed") {
  const Tensor w1 = leaf({2}), w2 = leaf({3});
  const HookHandle handle = on_ready(w2, [](const Tensor&) { throw std::runtime_error("full"); });

  CHECK_THROWS_WITH_AS((w1 * w2).backward(), "full", std::runtime_error);

  CHECK_FALSE(w1.grad().defined());
  CHECK_FALSE(w2.grad().defined());
  HookHandle(handle).remove();
  (w1 * w2).backward();
  CHECK(w1.grad().item() == 3);
  CHECK(w2.grad().item() == 2);
}

TEST_CASE("a hook that walks a graph of its own leaves the order as it is") {
  const Tensor w = leaf({2}), v = leaf({3}), other = leaf({5});
  Log log;
  log.ready(v, "v"), log.ready(other, "other");
  on_ready(w, [&](const Tensor&) {
    log.names.push_back("w");
    const EnableGrad guard;
    (other * 2).backward();
  });

  (w * log.passing(v * 2, "base")).backward();

  CHECK(log.names == Names{"w", "other", "base", "v"});
  CHECK(v.grad().item() == 4);
  CHECK(other.grad().item() == 2);
}

TEST_CASE("grad does not call on_ready") {
  const Tensor w = leaf({2});
  int calls = 0;
  on_ready(w, [&](const Tensor&) { ++calls; });

  CHECK(grad(w * 3, {w})[0].item() == 3);

  CHECK(calls == 0);
}

TEST_CASE("on_ready under create_graph gets a gradient with its history") {
  const Tensor w = leaf({2});
  double second = 0;
  on_ready(w, [&](const Tensor& g) { second = grad(g, {w}, {.retain_graph = true})[0].item(); });

  (w * w * w).backward({.create_graph = true});

  CHECK(second == 12);
  Tensor(w).zero_grad();
}

TEST_CASE("on_ready refuses tensors that will have no gradient, empty functions, and other shapes") {
  const Tensor w = leaf({2, 3});

  CHECK_THROWS_WITH_AS(
      on_ready(w * 2, [](const Tensor&) {}),
      "on_ready: only leaves get a gradient that stays: this is the result of mul_number, f64[2]; use "
      "register_hook()",
      Error);
  CHECK_THROWS_WITH_AS(
      on_ready(ones({2}), [](const Tensor&) {}),
      "on_ready: the tensor requires no gradient, so the hook would never run: x is f32[2]; call "
      "requires_grad_() on it first",
      Error);
  CHECK_THROWS_WITH_AS(on_ready(w, {}),
                       "on_ready: the hook is empty; pass a function of the gradient: x is f64[2]", Error);
  on_ready(w, [](Tensor& g) { g = sum(g); });
  CHECK_THROWS_WITH_AS(
      sum(w).backward(),
      "on_ready: the hook must return a gradient of the same shape and dtype: it took f64[2] and "
      "returned f64[]",
      Error);
}
