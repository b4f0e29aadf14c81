#include "core/ops/matrices.hpp"

using namespace xgrad;
using namespace xgrad::test;

TEST_CASE("mm, bmm, mv, dot and outer are matmul for their ranks") {
  const Tensor a = numbers({2, 3}), b = numbers({3, 4}), p = numbers({5, 2, 3}), q = numbers({5, 3, 4});
  const Tensor x = numbers({3}, 2), y = numbers({2}, 3);

  CHECK(distance(mm(a, b), matmul(a, b)) == 0);
  CHECK(distance(bmm(p, q), matmul(p, q)) == 0);
  CHECK(distance(mv(a, x), matmul(a, x)) == 0);
  CHECK(distance(dot(x, x), sum(x * x)) < 1e-15);
  CHECK(distance(outer(x, y), unsqueeze(x, 1) * unsqueeze(y, 0)) == 0);
}

TEST_CASE("products with vectors have gradients to the third order") {
  const Tensor a = numbers({2, 3}), x = numbers({3}, 2), y = numbers({2}, 3);

  check_gradients([](const Tensor& m, const Tensor& v) { return mv(m, v); }, {a, x}, {.order = 3});
  check_gradients([](const Tensor& u, const Tensor& v) { return dot(u, v); }, {x, x * 2}, {.order = 3});
  check_gradients([](const Tensor& u, const Tensor& v) { return outer(u, v); }, {x, y}, {.order = 3});
  check_gradients([](const Tensor& u, const Tensor& m, const Tensor& v) { return dot(matmul(u, m), v); },
                  {y, a, x}, {.order = 3});
}

TEST_CASE("outer of empty vectors is empty, dot of them is 0") {
  CHECK(outer(zeros({0}), zeros({3})).shape() == Shape{0, 3});
  CHECK(dot(zeros({0}), zeros({0})).item() == 0);
}

TEST_CASE("addmm is beta x + alpha a b, with x broadcast") {
  const Tensor a = numbers({2, 3}), b = numbers({3, 4}, 2);

  for (const Shape& shape : {Shape{2, 4}, Shape{4}, Shape{2, 1}, Shape{1, 4}, Shape{}})
    for (const double beta : {1.0, 0.5})
      for (const double alpha : {1.0, -2.0, 0.0}) {
        const Tensor x = numbers(shape, 3);
        const auto f = [=](const Tensor& u, const Tensor& v, const Tensor& w) {
          return addmm(u, v, w, beta, alpha);
        };

        CHECK(distance(f(x, a, b), beta * x + alpha * matmul(a, b)) < 1e-15);
        check_gradients(f, {x, a, b});
      }
}

TEST_CASE("baddbmm is beta x + alpha a b over a batch") {
  const Tensor a = numbers({5, 2, 3}), b = numbers({5, 3, 4}, 2);

  for (const Shape& shape : {Shape{5, 2, 4}, Shape{2, 4}, Shape{5, 1, 1}})
    for (const double alpha : {1.0, 0.5}) {
      const Tensor x = numbers(shape, 3);

      CHECK(distance(baddbmm(x, a, b, 0.5, alpha), 0.5 * x + alpha * matmul(a, b)) < 1e-15);
    }
  check_gradients([](const Tensor& u, const Tensor& v, const Tensor& w) { return baddbmm(u, v, w, 0.5, -2); },
                  {numbers({2, 4}, 3), numbers({2, 2, 3}), numbers({2, 3, 4}, 2)});
}

TEST_CASE("addmm with beta 0 does not read x") {
  const Tensor a = numbers({2, 3}), b = numbers({3, 4}, 2), x = full({4}, NAN, {.dtype = float64});

  CHECK(distance(addmm(x, a, b, 0), matmul(a, b)) == 0);
}

TEST_CASE("addmm adds integers, and to empty products") {
  const Tensor i = tensor({{1, 2}, {3, 4}});

  CHECK(distance(addmm(i, i, i, 2, 3), tensor({{23, 34}, {51, 74}})) == 0);
  CHECK(distance(addmm(ones({2, 4}), zeros({2, 0}), zeros({0, 4})), ones({2, 4})) == 0);
  CHECK(addmm(ones({1}), zeros({0, 3}), zeros({3, 4})).shape() == Shape{0, 4});
  CHECK(baddbmm(ones({1}), zeros({0, 2, 3}), zeros({0, 3, 4})).shape() == Shape{0, 2, 4});
}

TEST_CASE("bilinear is x1^T W x2 + b for each output") {
  const Tensor x = numbers({2, 3}), y = numbers({2, 4}, 2), w = numbers({5, 3, 4}, 3), b = numbers({5}, 4);

  const Tensor z = bilinear(x, y, w, b);

  for (std::int64_t row = 0; row < 2; ++row)
    for (std::int64_t out = 0; out < 5; ++out) {
      double expected = b.at({out});
      for (std::int64_t i = 0; i < 3; ++i)
        for (std::int64_t j = 0; j < 4; ++j) expected += x.at({row, i}) * w.at({out, i, j}) * y.at({row, j});
      CHECK(z.at({row, out}) == doctest::Approx(expected).epsilon(1e-14));
    }
  check_gradients(
      [](const Tensor& p, const Tensor& q, const Tensor& r, const Tensor& s) { return bilinear(p, q, r, s); },
      {x, y, w, b});
}

TEST_CASE("bilinear takes vectors and any leading axes, without a bias too") {
  const Tensor w = numbers({5, 3, 4}, 3);

  CHECK(bilinear(numbers({3}), numbers({4}), w).shape() == Shape{5});
  CHECK(bilinear(numbers({2, 6, 3}), numbers({2, 6, 4}), w).shape() == Shape{2, 6, 5});
  CHECK(bilinear(zeros({0, 3}), zeros({0, 4}), w.to(float32)).shape() == Shape{0, 5});
}

TEST_CASE("kron puts a multiple of b in the place of every element of a") {
  const Tensor a = tensor({{1, 2}, {3, 4}}), b = tensor({{0, 5}, {6, 7}});

  CHECK(distance(kron(a, b), tensor({{0, 5, 0, 10}, {6, 7, 12, 14}, {0, 15, 0, 20}, {18, 21, 24, 28}})) == 0);
}

TEST_CASE("kron takes operands of different ranks, empty ones and numbers") {
  CHECK(distance(kron(tensor({1, 2}), tensor({{1, 1}, {0, 3}})), tensor({{1, 1, 2, 2}, {0, 3, 0, 6}})) == 0);
  CHECK(distance(kron(tensor(3), tensor({1, 2})), tensor({3, 6})) == 0);
  CHECK(kron(zeros({0, 2}), zeros({3, 2})).shape() == Shape{0, 4});
  CHECK(kron(tensor(2), tensor(3)).shape() == Shape{});
  check_gradients([](const Tensor& p, const Tensor& q) { return kron(p, q); },
                  {numbers({2, 3}), numbers({2})});
}

TEST_CASE("trace is the sum of the diagonal of each matrix, square or not") {
  CHECK(trace(tensor({{1, 2, 3}, {4, 5, 6}})).item<int>() == 6);
  CHECK(distance(trace(reshape(arange(12), {2, 3, 2})), tensor({3, 15})) == 0);
  CHECK(trace(zeros({0, 3})).item() == 0);
  CHECK(trace(tensor({{true, false}, {false, true}})).item<int>() == 2);
  check_gradients([](const Tensor& x) { return trace(x) * trace(x); }, {numbers({2, 3})});
  check_gradients([](const Tensor& x) { return trace(x); }, {numbers({2, 3, 2})});
}

TEST_CASE("the gradients of products with one matrix are added up, with the bits that create_graph gives") {
  for (DType t : {float32, float64})
    for (const auto& [n, k] : {std::pair<int, int>{3, 3}, {64, 64}, {70, 70}, {64, 32}, {90, 300}}) {
      const auto numbers = [&](int rows, int columns, unsigned seed) {
        return randn({rows, columns}, {.dtype = t}, Generator(seed));
      };
      const Tensor w = numbers(n, n, 1).requires_grad_();
      Tensor together = zeros({}, {.dtype = t});
      for (unsigned seed : {2u, 3u, 4u}) {
        const Tensor x = numbers(k, n, seed), g = numbers(k, n, seed + 10), gt = numbers(n, k, seed + 20);
        together = together + sum(g * linear(x, w)) + sum(g * matmul(x, w)) +
                   sum(gt * gemm(w, x, false, true)) + sum(gt * gemm(w, x, true, true)) +
                   sum(g * linear(x, w, {}, Activation::tanh));
      }

      const Tensor at_once = grad(together, {w}, {.retain_graph = true})[0];
      const Tensor recorded = grad(together, {w}, {.create_graph = true})[0];  // which adds nothing in place

      CHECK(equal(at_once, recorded));
    }
}

TEST_CASE("a cotangent that a user holds is not added to by a product's gradient") {
  const Tensor x = randn({2, 2}, {}, Generator(1)).requires_grad_(), w = randn({2, 2}, {}, Generator(2));
  const Tensor y = square(x), cotangent = ones({2, 2});

  (y + linear(y, w)).backward(cotangent);

  CHECK(equal(cotangent, ones({2, 2})));
  CHECK(allclose(x.grad(), 2 * x * (1 + matmul(cotangent, w)), 1e-6, 1e-6));
}
