#include <doctest/doctest.h>

#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

namespace {

Tensor vec(V v) { return tensor(v); }
V values(const Tensor& t) { return t.to_vector<double>(); }

// f(x) = (x0 x1, x1 x2, x0^2): J = [[x1, x0, 0], [0, x2, x1], [2 x0, 0, 0]].
Tensor products(const Tensor& x) { return stack({x[0] * x[1], x[1] * x[2], x[0] * x[0]}); }

// f(x) = x0^2 x1 + x2^3: H = [[2 x1, 2 x0, 0], [2 x0, 0, 0], [0, 0, 6 x2]].
Tensor cubic(const Tensor& x) { return x[0] * x[0] * x[1] + x[2] * x[2] * x[2]; }

}  // namespace

TEST_CASE("vjp is the cotangent times the Jacobian") {
  const auto [y, g] = vjp(products, vec({2, 3, 5}), vec({1, 10, 100}));

  CHECK(values(y) == V{6, 15, 4});
  CHECK(values(g) == V{3 + 400, 2 + 50, 30});
}

TEST_CASE("jvp is the Jacobian times the direction") {
  const auto [y, d] = jvp(products, vec({2, 3, 5}), vec({1, 10, 100}));

  CHECK(values(y) == V{6, 15, 4});
  CHECK(values(d) == V{3 + 20, 50 + 300, 4});
}

TEST_CASE("jacobian by rows and by columns is the same") {
  const Tensor x = vec({2, 3, 5});
  const V j = {3, 2, 0, 0, 5, 3, 4, 0, 0};

  CHECK(values(jacobian(products, x)) == j);  // as many rows as columns: by rows
  const auto twice = [](const Tensor& t) { return cat({products(t), products(t)}); };
  V both = j;
  both.insert(both.end(), j.begin(), j.end());
  const Tensor by_columns = jacobian(twice, x);
  CHECK(by_columns.shape() == Shape{6, 3});
  CHECK(values(by_columns) == both);
}

TEST_CASE("jacobian has the shape of the output followed by that of the input") {
  const Tensor w = arange(0, 6, 1, {.dtype = float64}).reshape({2, 3});

  const Tensor j = jacobian([](const Tensor& x) { return matmul(x, x.t()); }, w);

  CHECK(j.shape() == Shape{2, 2, 2, 3});
  CHECK(j.at({0, 1, 0, 2}) == w.at({1, 2}));
}

TEST_CASE("jacobian of several inputs has one part for each") {
  const std::vector<Tensor> j =
      jacobian([](const Tensor& a, const Tensor& b) { return a * b; }, {vec({2, 3}), vec({5, 7})});

  CHECK(values(j[0]) == V{5, 0, 0, 7});
  CHECK(values(j[1]) == V{2, 0, 0, 3});
}

TEST_CASE("an input that the output does not depend on has a Jacobian of zeros") {
  const auto j = jacobian([](const Tensor& a, const Tensor&) { return a * 2; }, {vec({2}), vec({5, 7})});

  CHECK(values(j[1]) == V{0, 0});
}

TEST_CASE("hessian and hvp agree with the formula") {
  const Tensor x = vec({2, 3, 5});

  CHECK(values(hessian(cubic, x)) == V{6, 4, 0, 4, 0, 0, 0, 0, 30});
  const auto [y, hv] = hvp(cubic, x, vec({1, 10, 100}));
  CHECK(y.item() == 12 + 125);
  CHECK(values(hv) == V{46, 4, 3000});
}

TEST_CASE("a linear function has a Hessian of zeros") {
  CHECK(values(hessian([](const Tensor& x) { return sum(x * 3); }, vec({1, 2}))) == V{0, 0, 0, 0});
}

TEST_CASE("hessian of several inputs has one block for each pair") {
  const auto h =
      hessian([](const Tensor& a, const Tensor& b) { return sum(a * a * b); }, {vec({2}), vec({5})});

  CHECK(h[0][0].item() == 10);
  CHECK(h[0][1].item() == 4);
  CHECK(h[1][0].item() == 4);
  CHECK(h[1][1].item() == 0);
}

TEST_CASE("create_graph lets a Jacobian be differentiated with respect to the caller's input") {
  const Tensor x = tensor(V{2, 3}, {.requires_grad = true});

  const Tensor j = jacobian([](const Tensor& t) { return t * t * t; }, x, {.create_graph = true});
  sum(j).backward();  // sum of 3 x^2

  CHECK(values(x.grad()) == V{12, 18});
}

TEST_CASE("the caller's tensors stay as they were") {
  const Tensor x = tensor(V{2, 3}, {.requires_grad = true});

  const Tensor j = jacobian([](const Tensor& t) { return t * t; }, x);

  CHECK_FALSE(x.grad().defined());
  CHECK_FALSE(j.requires_grad());
}

TEST_CASE("functions, directions and cotangents that do not fit are named") {
  CHECK_THROWS_WITH_AS(vjp(products, vec({2, 3, 5}), vec({1, 2})),
                       "vjp: v must have the shape and dtype of f(x): v is f64[2], f(x) is f64[3]", Error);
  CHECK_THROWS_WITH_AS(jvp(products, vec({2, 3, 5}), vec({1, 2})),
                       "jvp: v must have the shape and dtype of x: v is f64[2], x is f64[3]", Error);
  CHECK_THROWS_WITH_AS(hessian(products, vec({2, 3, 5})),
                       "hessian: the function must return one element: it returned f64[3]", Error);
  CHECK_THROWS_WITH_AS(jacobian(products, tensor({1, 2, 3})),
                       "jacobian: needs a floating tensor: x is i64[3]; convert it with x.to(float32)",
                       Error);
}
