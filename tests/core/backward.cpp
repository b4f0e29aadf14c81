#include <doctest/doctest.h>

#include <cmath>
#include <xgrad/core.hpp>

using namespace xgrad;

namespace {

Tensor leaf(std::vector<double> v) { return tensor(v, {.requires_grad = true}); }

std::vector<double> values(const Tensor& t) { return t.to_vector<double>(); }

using V = std::vector<double>;

}  // namespace

TEST_CASE("backward adds up what reaches a leaf by several paths") {
  const Tensor x = leaf({2, 3});

  const Tensor y = x * x + x;
  sum(y).backward();

  CHECK(values(x.grad()) == V{5, 7});
}

TEST_CASE("backward adds into a gradient that is already there") {
  const Tensor x = leaf({2, 3});

  sum(x * 2).backward();
  sum(x * 3).backward();

  CHECK(values(x.grad()) == V{5, 5});
}

TEST_CASE("zero_grad forgets the gradient") {
  Tensor x = leaf({2});
  sum(x * 2).backward();

  x.zero_grad();

  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("a gradient that a user holds is not changed by the next backward") {
  const Tensor x = leaf({2, 3});
  sum(x * 2).backward();
  const Tensor held = x.grad();

  sum(x * 3).backward();

  CHECK(values(held) == V{2, 2});
  CHECK(values(x.grad()) == V{5, 5});
}

TEST_CASE("a cotangent weighs the outputs") {
  const Tensor x = leaf({2, 3});

  (x * x).backward(tensor(V{10, 100}));

  CHECK(values(x.grad()) == V{40, 600});
}

TEST_CASE("the engine sums a cotangent to the shape of a broadcast input") {
  const Tensor x = ones({2, 3}, {.dtype = float64, .requires_grad = true});
  const Tensor row = ones({3}, {.dtype = float64, .requires_grad = true});
  const Tensor column = ones({2, 1}, {.dtype = float64, .requires_grad = true});
  const Tensor number = ones({}, {.dtype = float64, .requires_grad = true});

  sum(x * row + column * number).backward();

  CHECK(values(row.grad()) == V{2, 2, 2});
  CHECK(values(column.grad()) == V{3, 3});
  CHECK(column.grad().shape() == Shape{2, 1});
  CHECK(number.grad().item() == 6);
}

TEST_CASE("two inputs of a sum never share gradient storage") {
  const Tensor x = leaf({1, 2}), y = leaf({3, 4});

  sum(x + y).backward();
  {
    const NoGrad guard;
    Tensor gx = x.grad();
    gx.zero_();
  }

  CHECK(values(x.grad()) == V{0, 0});
  CHECK(values(y.grad()) == V{1, 1});
}

TEST_CASE("a cotangent handed to two inputs is not changed while it is added to") {
  // z = x + y, p = x / z: x is reached through z and directly. dp/dx = y / z^2, dp/dy = -x / z^2.
  const Tensor x = leaf({3}), y = leaf({5});

  const Tensor z = x + y;
  (x / z).backward();

  CHECK(x.grad().item() == doctest::Approx(5.0 / 64).epsilon(1e-15));
  CHECK(y.grad().item() == doctest::Approx(-3.0 / 64).epsilon(1e-15));
}

TEST_CASE("the user's cotangent is not changed") {
  const Tensor x = leaf({1, 2});
  const Tensor g = tensor(V{1, 1});

  (x + x).backward(g);
  (x + x).backward(g);

  CHECK(values(g) == V{1, 1});
  CHECK(values(x.grad()) == V{4, 4});
}

TEST_CASE("detach and NoGrad cut the graph") {
  const Tensor x = leaf({2});

  const Tensor y = x * x.detach();
  y.backward();
  CHECK(x.grad().item() == 2);

  const NoGrad guard;
  CHECK_FALSE((x * x).requires_grad());
  {
    const EnableGrad inner;
    CHECK((x * x).requires_grad());
  }
}

TEST_CASE("grad returns gradients without touching any leaf") {
  const Tensor x = leaf({2}), w = leaf({5});

  const auto g = grad(x * w, {x, w});

  CHECK(g[0].item() == 5);
  CHECK(g[1].item() == 2);
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("grad reaches inputs in the middle of the graph") {
  const Tensor x = leaf({2});
  const Tensor y = x * 3;

  const auto g = grad(y * y, {y, x});

  CHECK(g[0].item() == 12);
  CHECK(g[1].item() == 36);
}

TEST_CASE("grad of several outputs with cotangents adds them up") {
  const Tensor x = leaf({2, 3});

  const auto g = grad({x * 2, x * x}, {x}, {tensor(V{1, 10}), tensor(V{1, 1})});

  CHECK(values(g[0]) == V{2 + 4, 20 + 6});
}

TEST_CASE("grad computes only what lies between outputs and inputs") {
  const Tensor x = leaf({2}), w = leaf({5});
  const Tensor y = x * w;

  const auto g = grad(y, {x});

  CHECK(g[0].item() == 5);
  CHECK_FALSE(w.grad().defined());
}

TEST_CASE("an output that is an input has the cotangent as its gradient") {
  const Tensor x = leaf({2});

  CHECK(grad(x, {x})[0].item() == 1);
}

TEST_CASE("create_graph gives gradients that can be differentiated, to the third order") {
  const Tensor x = leaf({2});

  const Tensor d1 = grad(x * x * x * x, {x}, {.create_graph = true})[0];
  const Tensor d2 = grad(d1, {x}, {.create_graph = true})[0];
  const Tensor d3 = grad(d2, {x})[0];

  CHECK(d1.item() == 32);
  CHECK(d2.item() == 48);
  CHECK(d3.item() == 48);
}

TEST_CASE("a gradient penalty trains through the gradient") {
  const Tensor x = leaf({3}), w = leaf({2});

  const Tensor g = grad(w * x * x, {x}, {.create_graph = true})[0];  // 2 w x
  (g * g).backward();                                                // d/dw 4 w^2 x^2 = 8 w x^2

  CHECK(w.grad().item() == 8 * 2 * 9);
}

TEST_CASE("retain_graph lets backward run twice") {
  const Tensor x = leaf({3});
  const Tensor y = x * x;

  y.backward({.retain_graph = true});
  y.backward();

  CHECK(x.grad().item() == 12);
}

TEST_CASE("a diamond as deep as wide is walked once per node") {
  Tensor x = leaf({1});
  Tensor y = x;
  for (int i = 0; i < 60; ++i) y = y + y;  // 2^60 paths

  y.backward();

  CHECK(x.grad().item() == std::pow(2.0, 60));
}

TEST_CASE("integers never require gradients and carry none") {
  const Tensor x = leaf({2, 3});

  const Tensor y = x * (x > 2.5);
  sum(y).backward();

  CHECK(values(x.grad()) == V{0, 1});
  CHECK_FALSE((x > 2.5).requires_grad());
}

TEST_CASE("conversion between floating types passes gradients back in the input's type") {
  const Tensor x = leaf({2, 3});

  sum(x.to(float32) * 2.0).backward();

  CHECK(x.grad().dtype() == float64);
  CHECK(values(x.grad()) == V{2, 2});
}

TEST_CASE("a leaf can be changed outside recording, and the next graph sees it") {
  Tensor x = leaf({1, 2});
  {
    const NoGrad guard;
    x -= 0.5 * tensor(V{1, 2});
  }

  sum(x * x).backward();

  CHECK(values(x.grad()) == V{1, 2});
}
