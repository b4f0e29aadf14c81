#include <doctest/doctest.h>

#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

namespace {
Tensor leaf(double v) { return tensor(V{v}, {.requires_grad = true}); }
}  // namespace

TEST_CASE("a hook sees the summed gradient of a recorded tensor once") {
  const Tensor x = leaf(3);
  const Tensor y = x * 2;
  int calls = 0;
  double seen = 0;
  register_hook(y, [&](const Tensor& g) {
    ++calls;
    seen = g.item();
    return Tensor();
  });

  (y * y + y).backward();  // d/dy = 2 y + 1 = 13

  CHECK(calls == 1);
  CHECK(seen == 13);
  CHECK(x.grad().item() == 26);
}

TEST_CASE("a hook's result replaces the gradient, in the order of registration") {
  const Tensor x = leaf(3);
  const Tensor y = x * 2;
  register_hook(y, [](const Tensor& g) { return g * 10; });
  register_hook(y, [](const Tensor& g) { return g + 1; });

  y.backward();

  CHECK(x.grad().item() == 22);
}

TEST_CASE("a hook on a leaf runs once, on the sum of this backward") {
  const Tensor x = leaf(3);
  int calls = 0;
  register_hook(x, [&](const Tensor& g) {
    ++calls;
    return g * 100;
  });

  (x * 2 + x * 3).backward();
  (x * 2).backward();

  CHECK(calls == 2);
  CHECK(x.grad().item() == 700);
}

TEST_CASE("a removed hook does not run, and removing twice is harmless") {
  const Tensor x = leaf(3);
  HookHandle handle = register_hook(x, [](const Tensor& g) { return g * 100; });

  handle.remove();
  handle.remove();
  (x * 2).backward();

  CHECK(x.grad().item() == 2);
}

TEST_CASE("a hook may remove itself, and outlive its tensor") {
  HookHandle handle;
  {
    const Tensor x = leaf(3);
    handle = register_hook(x, [&](const Tensor&) {
      handle.remove();
      return Tensor();
    });
    (x * 2).backward();
    (x * 2).backward();
    CHECK(x.grad().item() == 4);
  }
  handle.remove();
}

TEST_CASE("hooks run in grad, and under create_graph their result can be differentiated") {
  const Tensor x = leaf(3);
  register_hook(x, [](const Tensor& g) { return g * g; });

  const Tensor g = grad(x * x, {x}, {.create_graph = true})[0];  // (2 x)^2

  CHECK(g.item() == 36);
}

TEST_CASE("a hook that throws leaves every gradient as it was") {
  const Tensor x = leaf(3), w = leaf(5);
  register_hook(x, [](const Tensor&) -> Tensor { throw Error("hook: as planned"); });

  CHECK_THROWS_WITH_AS((x * w).backward(), "hook: as planned", Error);

  CHECK_FALSE(w.grad().defined());
}

TEST_CASE("a hook must keep shape and dtype") {
  const Tensor x = leaf(3);
  register_hook(x, [](const Tensor&) { return ones({2}); });

  CHECK_THROWS_WITH_AS((x * 2).backward(),
                       "register_hook: the hook must return a gradient of the same shape and dtype: it took "
                       "f64[1] and returned f32[2]",
                       Error);
}

TEST_CASE("hooks and retain_grad need a tensor that requires a gradient") {
  CHECK_THROWS_WITH_AS(register_hook(ones({2}), [](const Tensor& g) { return g; }),
                       "register_hook: the tensor requires no gradient, so the hook would never run: x is "
                       "f32[2]; call requires_grad_() on it first",
                       Error);
  CHECK_THROWS_WITH_AS(retain_grad(ones({2})),
                       "retain_grad: the tensor requires no gradient, so there is none to keep: x is f32[2]; "
                       "call requires_grad_() on it first",
                       Error);
}

TEST_CASE("retain_grad keeps the gradient of a recorded tensor, and adds up") {
  const Tensor x = leaf(3);
  const Tensor y = x * 2;
  retain_grad(y);

  const Tensor z = y * y;
  z.backward({.retain_graph = true});
  CHECK(y.grad().item() == 12);
  z.backward();

  CHECK(y.grad().item() == 24);
}

TEST_CASE("a hook is called as itself and not as a copy, so that it may count") {
  const Tensor x = leaf(3);
  register_hook(x, [n = 0](const Tensor& g) mutable { return g * 0 + ++n; });

  for (int i = 0; i < 3; ++i) (x * 2).backward();

  CHECK(x.grad().item() == 1 + 2 + 3);
}

TEST_CASE("a hook that an earlier one removed in the same backward does not run") {
  const Tensor x = leaf(3);
  HookHandle second;
  register_hook(x, [&](const Tensor&) {
    second.remove();
    return Tensor();
  });
  second = register_hook(x, [](const Tensor& g) { return g * 100; });

  (x * 2).backward();

  CHECK(x.grad().item() == 2);
}

TEST_CASE("a hook that is registered by a hook runs from the next backward on") {
  const Tensor x = leaf(3);
  bool registered = false;
  register_hook(x, [&](const Tensor&) {
    if (!std::exchange(registered, true)) register_hook(x, [](const Tensor& g) { return g * 100; });
    return Tensor();
  });

  (x * 2).backward();
  (x * 2).backward();

  CHECK(x.grad().item() == 202);
}

TEST_CASE("a hook that writes into its gradient, which others share, is an Error that changes no gradient") {
  const Tensor a = tensor({1.0, 2.0}, {.requires_grad = true}),
               b = tensor({3.0, 4.0}, {.requires_grad = true});
  register_hook(a, [](Tensor g) { return g *= 10; });

  const Tensor y = sum(a + b);

  CHECK_THROWS_WITH_AS(
      y.backward(),
      "register_hook: the hook wrote into the gradient that it was given, which others share: "
      "it is f32[2]; compute a new tensor from it, or write into a clone()",
      Error);
  CHECK_FALSE(a.grad().defined());
  CHECK_FALSE(b.grad().defined());
}

TEST_CASE("a vjp that writes into its cotangent is an Error that changes no gradient") {
  const Tensor a = tensor({1.0, 2.0}, {.requires_grad = true}),
               b = tensor({3.0, 4.0}, {.requires_grad = true});
  const auto doubled = custom_op(
      "doubled", [](NoState&, const Tensor& x) { return x * 2; },
      [](const CustomCall<NoState>&, Tensor g) { return g *= 2; });

  const Tensor y = sum(b + doubled(a));

  CHECK_THROWS_WITH_AS(
      y.backward(),
      "doubled: the vjp wrote into the gradient that it was given, which others share: it is "
      "f32[2]; compute a new tensor from it, or write into a clone()",
      Error);
  CHECK_FALSE(a.grad().defined());
  CHECK_FALSE(b.grad().defined());
}
