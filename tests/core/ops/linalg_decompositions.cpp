#include "core/ops/matrices.hpp"

using namespace xgrad;
using namespace xgrad::test;
using V = std::vector<double>;

namespace {

Tensor identity(std::int64_t n) { return eye(n, {.dtype = float64}); }

/// How far the columns are from being orthonormal.
double skew(const Tensor& q) {
  const Tensor product = matmul(transposed(q), q);
  return distance(product, expand(identity(q.size(-1)), product.shape()));
}

/// x with every element but those on and above the diagonal set to 0.
Tensor upper(const Tensor& x) {
  const Tensor rows = reshape(arange(x.size(-2)), {x.size(-2), 1}), columns = arange(x.size(-1));
  return where(columns >= rows, x, 0);
}

/// q diag(values) q^T for an orthogonal q that follows from the seed.
Tensor with_eigenvalues(const V& values, int seed = 1) {
  const std::int64_t n = static_cast<std::int64_t>(values.size());
  const Tensor q = qr(numbers({n, n}, seed)).q;
  return matmul(q * tensor(values), transposed(q));
}

}  // namespace

// qr --------------------------------------------------------------------------------------------------------

TEST_CASE("qr factors matrices of every shape into orthonormal columns and an upper triangle") {
  for (const Shape& shape :
       {Shape{3, 3}, Shape{5, 3}, Shape{3, 5}, Shape{1, 4}, Shape{4, 1}, Shape{2, 5, 3, 2}, Shape{70, 40}})
    for (const char* mode : {"reduced", "complete"}) {
      CAPTURE(shape.str());
      CAPTURE(mode);
      const Tensor a = numbers(shape);
      const auto [q, r] = qr(a, mode);

      CHECK(q.size(-1) == (std::string(mode) == "complete" ? a.size(-2) : std::min(a.size(-2), a.size(-1))));
      CHECK(skew(q) < 1e-14);
      CHECK(distance(upper(r), r) == 0);
      CHECK(distance(matmul(q, r), a) < 1e-13);
    }
}

TEST_CASE("qr of nothing is nothing, and completes a basis") {
  CHECK(qr(zeros({0, 3})).q.shape() == Shape{0, 0});
  CHECK(qr(zeros({3, 0})).q.shape() == Shape{3, 0});
  CHECK(distance(qr(zeros({3, 0}, {.dtype = float64}), "complete").q, identity(3)) == 0);
  CHECK(qr(zeros({0, 3, 2})).r.shape() == Shape{0, 2, 2});
}

TEST_CASE(
    "qr has the signs of Householder's reflections, as in LAPACK: r_11 is minus the length of a column") {
  const auto [q, r] = qr(tensor(V{3, 0, 4, 5}, {2, 2}));

  CHECK(distance(r, tensor(V{-5, -4, 0, 3}, {2, 2})) < 1e-15);
  CHECK(distance(q, tensor(V{-0.6, -0.8, -0.8, 0.6}, {2, 2})) < 1e-15);
}

TEST_CASE("qr has gradients to the second order through q, through r and through both") {
  for (const Shape& shape : {Shape{3, 3}, Shape{4, 2}, Shape{2, 4}, Shape{2, 3, 2}}) {
    CAPTURE(shape.str());
    check_gradients([](const Tensor& a) { return std::vector{qr(a).q, qr(a).r}; }, {numbers(shape)});
    check_gradients([](const Tensor& a) { return qr(a).q; }, {numbers(shape)});
    check_gradients([](const Tensor& a) { return qr(a).r; }, {numbers(shape)});
    check_gradients(
        [](const Tensor& a) {
          const auto [q, r] = qr(a);
          return matmul(q, q * q) * sum(r * r * r);
        },
        {numbers({2, 2})}, {.order = 3});
  }
  check_gradients([](const Tensor& a) { return qr(a, "complete").r; }, {numbers({2, 4})});
}

// eigh ------------------------------------------------------------------------------------------------------

TEST_CASE("eigh of [[2, 1], [1, 2]] has the eigenvalues 1 and 3") {
  const auto [w, v] = eigh(tensor(V{2, 1, 1, 2}, {2, 2}));

  CHECK(distance(w, tensor(V{1, 3})) < 1e-15);
  CHECK(std::abs(v.at({0, 0}) + v.at({1, 0})) < 1e-15);
  CHECK(std::abs(v.at({0, 1}) - v.at({1, 1})) < 1e-15);
}

TEST_CASE("eigh's vectors diagonalise the symmetric part") {
  for (const Shape& shape : {Shape{4, 4}, Shape{5, 2, 3, 3}, Shape{1, 1}, Shape{60, 60}}) {
    const Tensor a = numbers(shape), s = (a + transposed(a)) / 2;
    const auto [w, v] = eigh(a);

    CHECK(skew(v) < 1e-13);
    CHECK(distance(matmul(v * unsqueeze(w, -2), transposed(v)), s) < 1e-12);
  }
  CHECK(eigh(zeros({0, 0})).eigenvalues.shape() == Shape{0});
}

TEST_CASE("eigh has gradients to the second order through values, vectors and both") {
  const Tensor a = numbers({3, 3}) + tensor(V{0, 0, 0, 0, 2, 0, 0, 0, 4}, {3, 3});

  check_gradients([](const Tensor& x) { return eigh(x).eigenvalues; }, {a});
  check_gradients(
      [](const Tensor& x) {
        const Tensor v = eigh(x).eigenvectors;
        return v * v;
      },
      {a});
  check_gradients(
      [](const Tensor& x) {
        const auto [w, v] = eigh(x);
        return std::vector{w, v};
      },
      {stack({a, 2 * a})});
  check_gradients(
      [](const Tensor& x) {
        const auto [w, v] = eigh(x);
        return matmul(v * exp(w), transposed(v));
      },
      {a}, {.order = 3});
}

TEST_CASE("eigh's gradient is right at equal eigenvalues for functions of the eigenvalues") {
  for (const V& values : {V{1, 1, 2}, V{3, 3, 3}, V{0, 0, 1}, V{1, 1, 2, 2}}) {
    Tensor a = with_eigenvalues(values);
    a.requires_grad_();

    sum(exp(eigh(a).eigenvalues)).backward();

    V slopes;
    for (double v : values) slopes.push_back(std::exp(v));
    CHECK(distance(a.grad(), with_eigenvalues(slopes)) < 1e-13);
  }
}

TEST_CASE("eigh's gradient is right at equal eigenvalues for the projection onto their eigenspace") {
  // The derivative of the projection p of [[1, 1, 2]]'s first eigenspace in direction h is
  // sum over i inside, j outside of (u_i u_i^T h u_j u_j^T + transposed) / (1 - 2).
  Tensor a = with_eigenvalues({1, 1, 2});
  const Tensor c = numbers({3, 3}, 4), q = qr(numbers({3, 3}, 1)).q;
  a.requires_grad_();

  const Tensor v = narrow(eigh(a).eigenvectors, -1, 0, 2);
  sum(matmul(v, transposed(v)) * c).backward();

  const Tensor inside = narrow(q, -1, 0, 2), outside = narrow(q, -1, 2, 1);
  const Tensor p = matmul(inside, transposed(inside)), o = matmul(outside, transposed(outside));
  const Tensor half = matmul(matmul(p, (c + transposed(c)) / -2), o);
  CHECK(distance(a.grad(), half + transposed(half)) < 1e-13);
}

TEST_CASE("eigh's second derivative of a sum of eigenvalues is 0 where they are equal") {
  Tensor a = identity(3);
  a.requires_grad_();

  const Tensor g = grad(sum(eigh(a).eigenvalues), {a}, {.create_graph = true})[0];
  const Tensor h = grad(sum(g * numbers({3, 3})), {a})[0];

  CHECK(distance(h, zeros({3, 3}, {.dtype = float64})) < 1e-15);
}

// svd -------------------------------------------------------------------------------------------------------

TEST_CASE("svd factors matrices of every shape") {
  for (const Shape& shape :
       {Shape{3, 3}, Shape{5, 3}, Shape{3, 5}, Shape{1, 4}, Shape{4, 1}, Shape{2, 5, 3, 2}, Shape{70, 40}})
    for (const bool full : {false, true}) {
      CAPTURE(shape.str());
      CAPTURE(full);
      const Tensor a = numbers(shape);
      const auto [u, s, vh] = svd(a, full);
      const std::int64_t k = s.size(-1);

      CHECK(u.size(-1) == (full ? a.size(-2) : k));
      CHECK(vh.size(-2) == (full ? a.size(-1) : k));
      CHECK(skew(u) < 1e-13);
      CHECK(skew(transposed(vh)) < 1e-13);
      CHECK(distance(matmul(narrow(u, -1, 0, k) * unsqueeze(s, -2), narrow(vh, -2, 0, k)), a) < 1e-12);
      for (std::int64_t i = 1; i < k && shape.rank() == 2; ++i) CHECK(s.at({i}) <= s.at({i - 1}));
    }
}

TEST_CASE("svd of nothing has no values, and full matrices of any basis") {
  CHECK(svd(zeros({0, 3})).s.shape() == Shape{0});
  CHECK(svd(zeros({3, 0})).u.shape() == Shape{3, 0});
  CHECK(distance(svd(zeros({3, 0}, {.dtype = float64}), true).u, identity(3)) == 0);
  CHECK(svd(zeros({0, 3, 2})).s.shape() == Shape{0, 2});
}

TEST_CASE("svd has gradients to the second order through each of its results and through all") {
  for (const Shape& shape : {Shape{3, 3}, Shape{4, 2}, Shape{2, 4}, Shape{2, 3, 2}}) {
    CAPTURE(shape.str());
    check_gradients([](const Tensor& a) { return svd(a).s; }, {numbers(shape)});
    check_gradients([](const Tensor& a) { return svd(a).u; }, {numbers(shape)});
    check_gradients([](const Tensor& a) { return svd(a).vh; }, {numbers(shape)});
    check_gradients(
        [](const Tensor& a) {
          const auto [u, s, vh] = svd(a);
          return std::vector{u, s, vh};
        },
        {numbers(shape)});
  }
}

TEST_CASE("svd with full matrices has gradients through the spaces that complete the bases") {
  const auto rest = [](const Tensor& a) {
    const auto [u, s, vh] = svd(a, true);
    const std::int64_t k = s.size(-1);
    const Tensor x = narrow(u, -1, k, u.size(-1) - k), y = narrow(vh, -2, k, vh.size(-2) - k);
    return std::vector{matmul(x, transposed(x)), matmul(transposed(y), y), s};
  };

  check_gradients(rest, {numbers({4, 2})});
  check_gradients(rest, {numbers({2, 4})});
  check_gradients([](const Tensor& a) { return svd(a, true).s; }, {numbers({4, 2})});
}

TEST_CASE("svd's gradient of sum(s^3) is right at equal and at vanishing singular values") {
  const Tensor q = qr(numbers({4, 4}, 1)).q, p = qr(numbers({3, 3}, 2)).q;
  for (const V& values : {V{2, 2, 1}, V{2, 2, 2}, V{2, 0, 0}, V{0, 0, 0}, V{2, 1, 0}}) {
    const auto matrix = [&](const V& s) { return matmul(narrow(q, -1, 0, 3) * tensor(s), transposed(p)); };
    Tensor a = matrix(values);
    a.requires_grad_();

    const Tensor s = svd(a).s;
    sum(s * s * s).backward();

    CHECK(distance(a.grad(), matrix({3 * values[0] * values[0], 3 * values[1] * values[1],
                                     3 * values[2] * values[2]})) < 1e-13);
  }
}

TEST_CASE(
    "svd's gradient of u diag(s) vh is the cotangent, at vanishing singular values of a square matrix too") {
  for (const Tensor& at : {numbers({3, 3}), numbers({4, 2}), numbers({2, 4}), with_eigenvalues({0, 1, 2})}) {
    Tensor a = at.clone();
    const Tensor c = numbers(a.shape(), 4);
    a.requires_grad_();

    const auto [u, s, vh] = svd(a);
    matmul(u * s, vh).backward(c);

    CHECK(distance(a.grad(), c) < 1e-12);
  }
}

TEST_CASE("svd's gradient of the polar factor u vh is right at equal singular values") {
  // p = a (a^T a)^(-1/2) is a itself at an orthogonal a, and dp the part of da in p times the antisymmetric
  // matrices.
  Tensor a = qr(numbers({3, 3})).q;
  const Tensor p = a.clone(), c = numbers({3, 3}, 4);
  a.requires_grad_();

  const auto [u, s, vh] = svd(a);
  matmul(u, vh).backward(c);

  const Tensor turned = matmul(transposed(p), c);
  CHECK(distance(a.grad(), matmul(p, (turned - transposed(turned)) / 2)) < 1e-13);
}

// several outputs -------------------------------------------------------------------------------------------

TEST_CASE("a result that was changed through an alias is an error in backward and not a wrong gradient") {
  Tensor a = with_eigenvalues({1, 2, 3});
  a.requires_grad_();
  const auto [w, v] = eigh(a);

  v.detach().fill_(0);

  CHECK_THROWS_WITH_AS(
      sum(w).backward(),
      "eigh: output 1 was changed in place after it was recorded, so its gradient would be wrong: "
      "f64[3, 3] is at version 1, recorded at version 0; change it after backward, or use a clone()",
      Error);
}

TEST_CASE("a second backward through another result of a freed decomposition is an error") {
  Tensor a = with_eigenvalues({1, 2, 3});
  a.requires_grad_();
  const auto [w, v] = eigh(a);

  sum(w).backward();

  CHECK_THROWS_AS(sum(v).backward(), Error);
}
