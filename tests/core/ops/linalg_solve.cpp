#include "core/ops/matrices.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

Tensor identity(std::int64_t n) { return eye(n, {.dtype = float64}); }

/// The size of the largest matrix element by which a x differs from b.
double residual(const Tensor& a, const Tensor& x, const Tensor& b) {
  return distance(matmul(a, x), expand(b, matmul(a, x).shape()));
}

}  // namespace

// inverse ---------------------------------------------------------------------------------------------------

TEST_CASE("inverse of a 2 x 2 matrix is its adjugate over its determinant") {
  const Tensor a = tensor(std::vector<double>{4, 7, 2, 6}, {2, 2});

  CHECK(distance(inverse(a), tensor(std::vector<double>{0.6, -0.7, -0.2, 0.4}, {2, 2})) < 1e-15);
}

TEST_CASE("inverse times the matrix is the identity, over batches and for sizes up to 70") {
  CHECK(distance(matmul(inverse(regular({5, 2, 4, 4})), regular({5, 2, 4, 4})),
                 expand(identity(4), {5, 2, 4, 4})) < 1e-13);
  CHECK(distance(matmul(inverse(definite(numbers({70, 70}))), definite(numbers({70, 70}))), identity(70)) <
        1e-10);
  CHECK(inverse(zeros({0, 0})).shape() == Shape{0, 0});
  CHECK(inverse(zeros({0, 3, 3})).shape() == Shape{0, 3, 3});
}

TEST_CASE("inverse has gradients to the third order") {
  check_gradients([](const Tensor& a) { return inverse(a); }, {regular({3, 3})}, {.order = 3});
  check_gradients([](const Tensor& a) { return inverse(a); }, {regular({2, 2, 2})}, {.float32_rules = true});
}

// solve -----------------------------------------------------------------------------------------------------

TEST_CASE("solve finds x with a x = b for matrices, vectors and batches that broadcast") {
  const std::vector<std::pair<Shape, Shape>> shapes = {
      {{3, 3}, {3, 2}},    {{3, 3}, {3, 1}},       {{5, 3, 3}, {5, 3, 2}},    {{5, 3, 3}, {3, 2}},
      {{3, 3}, {5, 3, 2}}, {{1, 3, 3}, {5, 3, 2}}, {{2, 1, 3, 3}, {5, 3, 2}}, {{0, 0}, {0, 2}},
      {{3, 3}, {3, 0}},    {{0, 3, 3}, {0, 3, 2}}};
  for (const auto& each : shapes) {
    const Shape &p = each.first, &q = each.second;
    CAPTURE(p.str());
    CAPTURE(q.str());
    const Tensor a = regular(p), b = numbers(q, 2);

    CHECK(residual(a, solve(a, b), b) < 1e-14);
    if (p.numel() * q.numel() > 0 && p.rank() + q.rank() < 7)
      check_gradients([](const Tensor& x, const Tensor& y) { return solve(x, y); }, {a, b});
  }
}

TEST_CASE("solve takes a vector, and a batch of vectors of a's batch") {
  const Tensor a = regular({2, 3, 3}), b = numbers({2, 3}, 2), x = solve(a, b);

  CHECK(x.shape() == Shape{2, 3});
  CHECK(distance(squeeze(matmul(a, unsqueeze(x, -1)), -1), b) < 1e-14);
  CHECK(distance(matmul(a[0], solve(a[0], b[0])), b[0]) < 1e-14);
  CHECK(solve(a, numbers({3})).shape() == Shape{2, 3});
  check_gradients([](const Tensor& p, const Tensor& q) { return solve(p, q); }, {a, b});
}

TEST_CASE("solve with left = false finds x with x a = b") {
  const Tensor a = regular({5, 3, 3}), b = numbers({2, 3}, 2), x = solve(a, b, false);

  CHECK(distance(matmul(x, a), expand(b, {5, 2, 3})) < 1e-14);
  check_gradients([](const Tensor& p, const Tensor& q) { return solve(p, q, false); },
                  {regular({2, 3, 3}), b});
}

TEST_CASE("solve has third derivatives") {
  check_gradients([](const Tensor& p, const Tensor& q) { return solve(p, q); },
                  {regular({2, 2}), numbers({2, 1})}, {.order = 3});
}

TEST_CASE("solve takes integers beside floating numbers, and alone as float32") {
  const Tensor a = tensor({{2, 0}, {0, 4}});

  CHECK(distance(solve(a, tensor(std::vector<double>{1, 1})), tensor(std::vector<double>{0.5, 0.25})) == 0);
  CHECK(distance(solve(a, tensor({2, 4})), tensor({1.0, 1.0})) == 0);
}

// triangular systems ----------------------------------------------------------------------------------------

TEST_CASE("solve_triangular reads one triangle only, in each of the eight ways") {
  const Tensor a = regular({2, 3, 3});
  const auto part = [](const Tensor& x, bool upper, bool unit) {
    const Tensor mask = upper ? tensor({{1.0, 1.0, 1.0}, {0.0, 1.0, 1.0}, {0.0, 0.0, 1.0}})
                              : tensor({{1.0, 0.0, 0.0}, {1.0, 1.0, 0.0}, {1.0, 1.0, 1.0}});
    const Tensor t = x * mask.to(float64);
    return unit ? where(identity(3) == 1, 1, t) : t;
  };
  for (const bool upper : {false, true})
    for (const bool left : {false, true})
      for (const bool unit : {false, true}) {
        const Tensor b = left ? numbers({2, 3, 4}, 2) : numbers({4, 3}, 2), t = part(a, upper, unit);
        const auto f = [=](const Tensor& p, const Tensor& q) {
          return solve_triangular(p, q, upper, left, unit);
        };

        CHECK(distance(f(a, b), solve(t, b, left)) < 1e-13);
        check_gradients(f, {a, b});
      }
}

TEST_CASE("triangular_solve takes the right-hand side first, and transposes on request") {
  const Tensor a = regular({3, 3}), b = numbers({3, 2}, 2);

  CHECK(distance(triangular_solve(b, a), solve_triangular(a, b, true)) == 0);
  CHECK(distance(triangular_solve(b, a, false), solve_triangular(a, b, false)) == 0);
  CHECK(distance(triangular_solve(b, a, true, true), solve_triangular(transposed(a), b, false)) < 1e-15);
  for (const bool upper : {false, true})
    for (const bool unit : {false, true})
      check_gradients(
          [=](const Tensor& p, const Tensor& q) { return triangular_solve(p, q, upper, true, unit); },
          {b, a});
}

TEST_CASE("solve_triangular broadcasts batches and takes empty ones") {
  const Tensor a = regular({3, 3});

  CHECK(distance(solve_triangular(a, numbers({5, 3, 2}), true)[4],
                 solve_triangular(a, numbers({5, 3, 2})[4], true)) == 0);
  CHECK(solve_triangular(zeros({0, 0}), zeros({0, 2}), true).shape() == Shape{0, 2});
  CHECK(solve_triangular(ones({3, 3}), zeros({3, 0}), true).shape() == Shape{3, 0});
}

// cholesky --------------------------------------------------------------------------------------------------

TEST_CASE("cholesky of [[4, 2], [2, 5]] is [[2, 0], [1, 2]]") {
  const Tensor a = tensor(std::vector<double>{4, 2, 2, 5}, {2, 2});

  CHECK(distance(cholesky(a), tensor(std::vector<double>{2, 0, 1, 2}, {2, 2})) == 0);
  CHECK(distance(cholesky(a, true), tensor(std::vector<double>{2, 1, 0, 2}, {2, 2})) == 0);
}

TEST_CASE("cholesky's factor times its transpose is the matrix") {
  const Tensor a = definite(numbers({5, 4, 4})), l = cholesky(a), u = cholesky(a, true);

  CHECK(distance(matmul(l, transposed(l)), a) < 1e-14);
  CHECK(distance(matmul(transposed(u), u), a) < 1e-14);
  CHECK(cholesky(zeros({0, 0})).shape() == Shape{0, 0});
  const Tensor large = definite(numbers({90, 90})), root = cholesky(large);
  CHECK(distance(matmul(root, transposed(root)), large) < 1e-11);
}

TEST_CASE("cholesky has gradients to the second order, of symmetric parts") {
  check_gradients([](const Tensor& a) { return cholesky(a); }, {definite(numbers({3, 3}))});
  check_gradients([](const Tensor& a) { return cholesky(a, true); }, {definite(numbers({2, 2, 2}))});
  check_gradients([](const Tensor& x) { return cholesky(definite(x)); }, {numbers({3, 4})}, {.order = 3});
}

TEST_CASE("cholesky's gradient is symmetric") {
  Tensor a = definite(numbers({4, 4}));
  a.requires_grad_();

  cholesky(a).backward(numbers({4, 4}, 3));

  CHECK(distance(a.grad(), transposed(a.grad())) < 1e-14);
}

// pinv and lstsq --------------------------------------------------------------------------------------------

TEST_CASE("pinv has the four properties of Penrose, for every shape and rank") {
  const Tensor thin = numbers({4, 2}), flat = numbers({2, 4}, 2);
  for (const Tensor& a : {thin, flat, regular({3, 3}), matmul(thin, flat), matmul(flat, matmul(thin, flat)),
                          zeros({3, 2}, {.dtype = float64}), numbers({2, 4, 3})}) {
    const Tensor p = pinv(a), ap = matmul(a, p), pa = matmul(p, a);

    CHECK(distance(matmul(ap, a), a) < 1e-13);
    CHECK(distance(matmul(pa, p), p) < 1e-13);
    CHECK(distance(transposed(ap), ap) < 1e-14);
    CHECK(distance(transposed(pa), pa) < 1e-14);
  }
  CHECK(pinv(zeros({0, 3})).shape() == Shape{3, 0});
}

TEST_CASE("pinv has gradients to the second order") {
  for (const Shape& shape : {Shape{4, 2}, Shape{2, 4}, Shape{2, 3, 2}})
    check_gradients([](const Tensor& a) { return pinv(a); }, {numbers(shape)});
  check_gradients([](const Tensor& a) { return pinv(a); }, {regular({3, 3})});
}

TEST_CASE("pinv has gradients where the rank is not full and does not change") {
  const auto f = [](const Tensor& p, const Tensor& q) { return pinv(matmul(p, q)); };

  check_gradients(f, {numbers({4, 2}), numbers({2, 3}, 2)});
}

TEST_CASE("pinv counts singular values up to rcond times the largest as 0") {
  const Tensor a = tensor(std::vector<double>{4, 0, 0, 0.5}, {2, 2});

  CHECK(distance(pinv(a, 0.1), tensor(std::vector<double>{0.25, 0, 0, 2}, {2, 2})) < 1e-15);
  CHECK(distance(pinv(a, 0.2), tensor(std::vector<double>{0.25, 0, 0, 0}, {2, 2})) < 1e-15);
}

TEST_CASE("lstsq fits a line through points") {
  const Tensor a = tensor(std::vector<double>{0, 1, 1, 1, 2, 1, 3, 1}, {4, 2});
  const Tensor b = tensor(std::vector<double>{-1, 0.2, 0.9, 2.1});  // y = x - 0.95, NumPy's example

  const LeastSquares y = lstsq(a, b);

  CHECK(distance(y.solution, tensor(std::vector<double>{1, -0.95})) < 1e-14);
  CHECK(y.residuals.item() == doctest::Approx(0.05).epsilon(1e-13));
  CHECK(y.rank.item<int>() == 2);
  CHECK(distance(y.singular_values, tensor(std::vector<double>{4.10003045, 1.09075677})) < 1e-8);
}

TEST_CASE("lstsq is pinv(a) b, for every shape and over batches") {
  const std::vector<std::pair<Shape, Shape>> shapes = {{{4, 2}, {4, 3}},    {{2, 4}, {2, 3}},
                                                       {{3, 3}, {3, 1}},    {{5, 4, 2}, {5, 4, 3}},
                                                       {{5, 4, 2}, {4, 3}}, {{4, 2}, {5, 4, 3}}};
  for (const auto& each : shapes) {
    const Shape &p = each.first, &q = each.second;
    CAPTURE(p.str());
    CAPTURE(q.str());
    const Tensor a = numbers(p), b = numbers(q, 2);

    CHECK(distance(lstsq(a, b).solution, matmul(pinv(a), b)) < 1e-13);
    if (p.rank() + q.rank() < 6)
      check_gradients([](const Tensor& x, const Tensor& y) { return lstsq(x, y).solution; }, {a, b});
  }
}

TEST_CASE("lstsq has gradients for dependent columns whose rank does not change") {
  check_gradients(
      [](const Tensor& p, const Tensor& q, const Tensor& b) { return lstsq(matmul(p, q), b).solution; },
      {numbers({4, 2}), numbers({2, 3}, 2), numbers({4, 2}, 3)});
}

TEST_CASE("lstsq's residuals are there for more rows than columns of full rank, and have gradients") {
  const Tensor a = numbers({2, 4, 2}), b = numbers({2, 4}, 2);

  CHECK(lstsq(a, b).residuals.shape() == Shape{2});
  CHECK(lstsq(transposed(a), numbers({2, 2})).residuals.shape() == Shape{0});
  CHECK(lstsq(zeros({3, 2}), zeros({3})).residuals.shape() == Shape{0});
  check_gradients([](const Tensor& p, const Tensor& q) { return lstsq(p, q).residuals; }, {a, b});
}
