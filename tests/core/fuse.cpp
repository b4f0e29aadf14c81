#include "xgrad/core/fuse.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/core.hpp"

using namespace xgrad;

TEST_CASE("several operands, broadcast in every way, agree with ops and with differences") {
  manual_seed(5);
  const auto f = [](const auto& x, const auto& w, const auto& b) {
    return tanh(x * w + b) * sigmoid(x) / (1 + square(w)) + maximum(x, b);
  };
  struct Case {
    Shape x, w, b;
  };
  for (const Case& shapes :
       {Case{{3, 5}, {3, 5}, {3, 5}}, Case{{4, 19}, {19}, {4, 1}}, Case{{}, {2, 3}, {3}}, Case{{33}, {}, {1}},
        Case{{2, 1, 3}, {4, 1}, {2, 4, 3}}, Case{{0, 3}, {3}, {1, 1}}, Case{{}, {}, {}}}) {
    INFO(shapes.x.str() << " " << shapes.w.str() << " " << shapes.b.str());
    const Tensor x = randn(shapes.x, {.dtype = float64}), w = randn(shapes.w, {.dtype = float64}),
                 b = randn(shapes.b, {.dtype = float64});
    const auto fused = [&](const Tensor& p, const Tensor& q, const Tensor& r) { return fuse(f, p, q, r); };
    CHECK(allclose(fused(x, w, b), f(x, w, b), 1e-13, 1e-14));
    if (fused(x, w, b).numel() > 0) CHECK(gradcheck(fused, {x, w, b}, {.order = 2}));

    std::vector<Tensor> a{x.clone().requires_grad_(), w.clone().requires_grad_(), b.clone().requires_grad_()};
    const Tensor c = randn(fused(x, w, b).shape(), {.dtype = float64});
    const auto p = grad(sum(fused(a[0], a[1], a[2]) * c), a);
    const auto q = grad(sum(f(a[0], a[1], a[2]) * c), a);
    for (std::size_t i = 0; i < 3; ++i) CHECK(allclose(p[i], q[i], 1e-12, 1e-13));
  }
}

TEST_CASE("an element's value and gradient do not depend on where it stands") {
  manual_seed(6);
  const auto f = [](auto x, auto y) { return exp(x) * tanh(y) + x / (2 + y * y); };
  for (const DType dtype : {float32, float64}) {
    const Tensor x = randn({70}, {.dtype = dtype}), y = randn({70}, {.dtype = dtype});
    const auto run = [&](std::int64_t from, std::int64_t to) {
      Tensor a = x.slice(0, from, to).clone().requires_grad_(), b = y.slice(0, from, to).clone();
      const Tensor o = fuse(f, a, b);
      o.backward(ones_like(o));
      return std::pair{o.detach(), a.grad()};
    };
    const auto [whole, slope] = run(0, 70);
    for (std::int64_t n = 0; n <= 70; ++n) {
      const auto [part, part_slope] = run(70 - n, 70);
      CHECK(allclose(part, whole.slice(0, 70 - n), 0, 0));
      CHECK(allclose(part_slope, slope.slice(0, 70 - n), 0, 0));
    }
  }
}

TEST_CASE("the gradient of a broadcast operand is summed without loss") {
  manual_seed(7);
  const std::int64_t n = 200'000;
  const Tensor x = rand({n, 3});
  const auto f = [](auto u, auto v) { return u * v; };
  Tensor row = ones({3}, {.requires_grad = true}), one = ones({}, {.requires_grad = true});
  fuse(f, x, row).backward(ones({n, 3}));
  fuse(f, x, one).backward(ones({n, 3}));
  const Tensor exact = x.to(float64).sum({0});
  CHECK(allclose(row.grad().to(float64), exact, 1e-6, 0));
  CHECK(allclose(one.grad().to(float64), exact.sum(), 1e-6, 0));
}

TEST_CASE("a cotangent of 0 gives a gradient of 0 where the slope is infinite") {
  Tensor x = tensor({0.0, 0.0, 4.0}, {.dtype = float64, .requires_grad = true});
  fuse([](auto v) { return sqrt(v); }, x).backward(tensor({0.0, 1.0, 1.0}, {.dtype = float64}));
  CHECK(x.grad().at({0}) == 0);
  CHECK(std::isinf(x.grad().at({1})));
  CHECK(x.grad().at({2}) == 0.25);

  x.zero_grad();
  fuse([](auto v) { return where(v > 0, sqrt(v), 0.0); }, x).backward(ones({3}, {.dtype = float64}));
  CHECK(x.grad().to_vector<double>() == std::vector{0.0, 0.0, 0.25});
}

TEST_CASE("ties of maximum and minimum share the slope; nan passes") {
  Tensor a = tensor({1.0, 2.0, std::nan("")}, {.dtype = float64, .requires_grad = true}),
         b = tensor({1.0, 3.0, 0.0}, {.dtype = float64});
  const Tensor y = fuse([](auto u, auto v) { return maximum(u, v) + 2 * minimum(u, v); }, a, b);
  CHECK(y.at({0}) == 3);
  CHECK(y.at({1}) == 7);
  CHECK(std::isnan(y.at({2})));
  y.backward(ones({3}, {.dtype = float64}));
  CHECK(a.grad().at({0}) == 1.5);
  CHECK(a.grad().at({1}) == 2);
}

TEST_CASE("a lambda captures numbers") {
  const double scale = 3;
  const float shift = 0.5f;
  Tensor x = tensor({1.0, 2.0}, {.requires_grad = true});
  const Tensor y = fuse([=](auto v) { return scale * v * v + shift; }, x);
  CHECK(y.to_vector<double>() == std::vector{3.5, 12.5});
  y.sum().backward();
  CHECK(x.grad().to_vector<double>() == std::vector{6.0, 12.0});
}

TEST_CASE("one node: nothing is kept but the operands, and only wanted gradients are given") {
  Tensor x = ones({2}, {.requires_grad = true}), w = ones({2});
  const Tensor y = fuse([](auto u, auto v) { return exp(u * v); }, x, w);
  CHECK(std::string(y.op_name()) == "fuse");
  y.sum().backward();
  CHECK(x.grad().defined());
  CHECK_FALSE(w.grad().defined());
  const NoGrad guard;
  CHECK_FALSE(fuse([](auto u) { return exp(u); }, x).requires_grad());
}

TEST_CASE("wrong operands and the third derivative are refused") {
  const auto add = [](auto u, auto v) { return u + v; };
  CHECK_THROWS_WITH_AS(fuse(add, ones({2}), ones({2}, {.dtype = float64})),
                       "fuse: the operands are f32[2], f64[2]; they need one floating dtype: convert them by "
                       ".to(dtype)",
                       Error);
  CHECK_THROWS_WITH_AS(fuse(add, ones({2}), ones({2}, {.dtype = int64})),
                       "fuse: the operands are f32[2], i64[2]; they need one floating dtype: convert them by "
                       ".to(dtype)",
                       Error);
  CHECK_THROWS_WITH_AS(fuse(add, ones({2, 3}), ones({2})),
                       "fuse: shapes do not broadcast: f32[2, 3] and f32[2] differ in axis -1; sizes must "
                       "agree, or one of them be 1",
                       Error);

  Tensor x = ones({2}, {.dtype = float64, .requires_grad = true});
  Tensor y = fuse([](auto v) { return exp(v); }, x);
  for (int order = 0; order < 2; ++order) y = grad(y.sum(), {x}, {.create_graph = true})[0];
  CHECK(y.at({0}) == doctest::Approx(std::exp(1.0)));
  CHECK_THROWS_WITH_AS(grad(y.sum(), {x}),
                       "fuse: third derivatives are not generated; write the function from ops where "
                       "they are needed",
                       Error);
}
