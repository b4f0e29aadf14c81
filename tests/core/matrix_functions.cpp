#include <doctest/doctest.h>

#include <cmath>

#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

namespace {

double distance(const Tensor& a, const Tensor& b) { return max(abs(a - b)).item(); }

Tensor symmetric(const Tensor& a) { return (a + a.t()) / 2; }

Tensor random_matrix(std::int64_t n, std::uint64_t seed) {
  Generator random(seed);
  return randn({n, n}, {.dtype = float64}, random);
}

Tensor by_exp(const Tensor& a) {
  return eigh_function(a, [](const Tensor& w) { return exp(w); });
}

/// Orthogonal, by a decomposition.
Tensor rotation(std::int64_t n) { return eigh(symmetric(random_matrix(n, 5))).eigenvectors; }

}  // namespace

TEST_CASE("matrix_exp of matrices whose exponential is known") {
  CHECK(distance(matrix_exp(tensor(V{0, 1, 0, 0}, {2, 2})), tensor(V{1, 1, 0, 1}, {2, 2})) < 1e-15);
  const Tensor turn = matrix_exp(tensor(V{0, -2, 2, 0}, {2, 2}));  // a rotation by 2
  CHECK(distance(turn, tensor(V{std::cos(2), -std::sin(2), std::sin(2), std::cos(2)}, {2, 2})) < 1e-14);
  const Tensor large = matrix_exp(tensor(V{30, 0, 0, -30}, {2, 2}));  // by squaring
  CHECK(large.at({0, 0}) == doctest::Approx(std::exp(30)).epsilon(1e-12));
  CHECK(large.at({1, 1}) == doctest::Approx(std::exp(-30)).epsilon(1e-9));
}

TEST_CASE("matrix_exp of infinity is nan, and a batch is its matrices") {
  CHECK(std::isnan(matrix_exp(tensor(V{INFINITY}, {1, 1})).item()));
  const Tensor a = random_matrix(3, 1), b = 10 * random_matrix(3, 2);

  const Tensor both = matrix_exp(stack({a, b}));

  CHECK(equal(both[0], matrix_exp(a)));
  CHECK(equal(both[1], matrix_exp(b)));
}

TEST_CASE("eigh_function is the function of the eigenvalues") {
  const Tensor a = symmetric(random_matrix(4, 3));
  const Tensor root = eigh_function(matmul(a, a), [](const Tensor& w) { return sqrt(abs(w)); });

  CHECK(distance(by_exp(a), matrix_exp(a)) < 1e-12);
  CHECK(distance(matmul(root, root), matmul(a, a)) < 1e-12);
  CHECK(distance(by_exp(stack({a, 2 * a}))[1], matrix_exp(2 * a)) < 1e-11);
}

TEST_CASE("eigh_function has the derivatives of the exponential, at repeated eigenvalues too") {
  const Tensor q = rotation(4);
  const std::vector<V> spectra = {
      {-1, 0.2, 0.5, 2}, {0.3, 0.3, 0.3, 1}, {1, 1, 1, 1}, {0.5, 0.5 + 1e-9, 2, 2 + 1e-5}};
  const Tensor t = symmetric(random_matrix(4, 7)), u = random_matrix(4, 8);
  for (const V& w : spectra) {
    const Tensor a = matmul(matmul(q, diag(tensor(w))), q.t());
    const auto along = [&](auto f) { return [&, f](const Tensor& x) { return sum(u * f(symmetric(x))); }; };
    const auto expected = along([](const Tensor& x) { return matrix_exp(x); });
    const auto found = along([](const Tensor& x) { return by_exp(x); });

    CHECK(distance(vjp(found, a).second, vjp(expected, a).second) < 1e-11);
    CHECK(distance(hvp(found, a, t).second, hvp(expected, a, t).second) < 1e-8);
  }
}

TEST_CASE("eigh_function passes gradcheck to second order") {
  const Tensor a = symmetric(random_matrix(3, 9));
  const auto f = [](const Tensor& x) {
    return eigh_function(x, [](const Tensor& w) { return tanh(w) * w; });
  };

  const GradcheckResult result = gradcheck(as_function(f), {a}, {.order = 2});

  CHECK_MESSAGE(result, result.str());
}

TEST_CASE("eigh_function has the third derivative of the exponential, at repeated eigenvalues too") {
  const Tensor q = rotation(3), u = random_matrix(3, 8), t = symmetric(random_matrix(3, 7));
  for (const V& w : std::vector<V>{{-1, 0.2, 2}, {0.3, 0.3, 1}, {1, 1, 1}, {0.5, 0.5 + 1e-9, 2}}) {
    const Tensor a = matmul(matmul(q, diag(tensor(w))), q.t()).requires_grad_();
    const auto third = [&](auto f) {
      const Tensor first = grad(sum(u * f(symmetric(a))), {a}, {.create_graph = true})[0];
      const Tensor second = grad(sum(t * first), {a}, {.create_graph = true})[0];
      return grad(sum(u * second), {a})[0];
    };

    CHECK(distance(third(by_exp), third([](const Tensor& x) { return matrix_exp(x); })) < 1e-7);
  }
}

TEST_CASE("a fourth derivative of eigh_function is nan, and a function of another shape an error") {
  const Tensor a = symmetric(random_matrix(2, 11)).requires_grad_();
  Tensor y = by_exp(a);
  for (int order = 1; order < 4; ++order) y = grad(sum(y), {a}, {.create_graph = true})[0];

  CHECK_FALSE(any(isnan(y)).item<bool>());
  CHECK(any(isnan(grad(sum(y), {a})[0])).item<bool>());
  CHECK_THROWS_AS(eigh_function(a, [](const Tensor& w) { return sum(w); }), Error);
}

TEST_CASE("solve_triangular takes vectors") {
  const Tensor a = tensor(V{2, 0, 1, 4}, {2, 2}), b = tensor(V{2, 9});

  const Tensor x = solve_triangular(a, b, false);

  CHECK(x.to_vector<double>() == V{1, 2});
  CHECK(solve_triangular(stack({a, a}), stack({b, 2 * b}), false).shape() == Shape{2, 2});
}
