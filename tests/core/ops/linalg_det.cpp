#include "core/ops/matrices.hpp"

using namespace xgrad;
using namespace xgrad::test;
using V = std::vector<double>;

namespace {

Tensor determinant(const Tensor& a) { return det(a); }

/// An n x n matrix of this rank: the rows below are 0.
Tensor of_rank(std::int64_t n, std::int64_t rank) {
  return cat({regular({rank, n}), zeros({n - rank, n}, {.dtype = float64})});
}

/// The gradient of f(a).
template <class F>
Tensor gradient(F f, const Tensor& at) {
  Tensor a = at.clone();
  a.requires_grad_();
  f(a).backward();
  return a.grad();
}

}  // namespace

TEST_CASE("det is the sum over permutations, for up to five rows and over batches") {
  CHECK(det(zeros({0, 0})).item() == 1);
  CHECK(det(tensor(V{-3}, {1, 1})).item() == -3);
  CHECK(det(tensor(V{1, 2, 3, 4}, {2, 2})).item() == -2);
  CHECK(det(tensor(V{2, -3, 1, 2, 0, -1, 1, 4, 5}, {3, 3})).item() == 49);
  CHECK(det(tensor(V{1, 0, 2, -1, 3, 0, 0, 5, 2, 1, 4, -3, 1, 0, 5, 0}, {4, 4})).item() ==
        doctest::Approx(30).epsilon(1e-14));
  CHECK(distance(det(stack({eye(5, {.dtype = float64}), -2 * eye(5, {.dtype = float64})})),
                 tensor(V{1, -32})) < 1e-14);
  CHECK(det(zeros({0, 3, 3})).shape() == Shape{0});
}

TEST_CASE("det of a singular matrix of integers with up to three rows is exactly 0") {
  CHECK(det(tensor(V{1, 2, 2, 4}, {2, 2})).item() == 0);
  CHECK(det(tensor(V{1, 2, 3, 4, 5, 6, 7, 8, 9}, {3, 3})).item() == 0);
}

TEST_CASE("det of a nearly singular 2 x 2 matrix keeps its last places") {
  const double e = std::ldexp(1.0, -40);  // (1 + e)(1 - e) - 1 = -e^2

  CHECK(det(tensor(V{1 + e, 1, 1, 1 - e}, {2, 2})).item() == -e * e);
}

TEST_CASE("det of a 2 x 2 matrix overflows to an infinity") {
  CHECK(det(tensor(V{1, 1e200, 1e200, 1}, {2, 2})).item() == -INFINITY);
}

TEST_CASE("det and its gradient overflow only at the end") {
  Tensor a = tensor(V{1e200, 0, 0, 0, 0, 1e200, 0, 0, 0, 0, 1e-200, 0, 0, 0, 0, 1e-199}, {4, 4});
  a.requires_grad_();

  const Tensor y = det(a);
  y.backward();

  CHECK(y.item() == doctest::Approx(10).epsilon(1e-14));
  CHECK(a.grad().at({2, 2}) == doctest::Approx(1e201).epsilon(1e-14));
  CHECK(a.grad().at({0, 0}) == doctest::Approx(1e-199).epsilon(1e-14));
}

TEST_CASE("det has gradients to the third order") {
  for (const std::int64_t n : {1, 2, 3, 4, 5}) {
    CAPTURE(n);
    check_gradients(determinant, {regular({n, n})}, {.order = 3});
  }
  check_gradients(determinant, {regular({2, 3, 3})}, {.float32_rules = true});
}

TEST_CASE(
    "det has gradients to the second order at singular matrices of any rank, to the third up to 3 x 3") {
  for (const std::int64_t n : {2, 3, 4, 5})
    for (std::int64_t rank = 0; rank < n; ++rank) {
      CAPTURE(n);
      CAPTURE(rank);
      check_gradients(determinant, {of_rank(n, rank)}, {.order = n <= 3 ? 3 : 2});
    }
}

TEST_CASE("det has gradients to the second order at a singular matrix without zeros") {
  for (const std::int64_t n : {2, 3, 4, 5})
    check_gradients(determinant, {matmul(numbers({n, n - 1}), numbers({n - 1, n}, 2))});
}

TEST_CASE("det's gradient at a matrix of rank n - 1 is its cofactors, and 0 at lower ranks") {
  CHECK(distance(gradient(determinant, tensor(V{1, 2, 2, 4}, {2, 2})), tensor(V{4, -2, -2, 1}, {2, 2})) == 0);
  const Tensor magic = tensor(V{1, 2, 3, 4, 5, 6, 7, 8, 9}, {3, 3});
  CHECK(distance(gradient(determinant, magic), tensor(V{-3, 6, -3, 6, -12, 6, -3, 6, -3}, {3, 3})) == 0);
  const Tensor flat = tensor(V{1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0}, {4, 4});
  CHECK(distance(gradient(determinant, flat),
                 tensor(V{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6}, {4, 4})) < 1e-14);
  CHECK(distance(gradient(determinant, of_rank(4, 2)), zeros({4, 4}, {.dtype = float64})) < 1e-14);
}

TEST_CASE("det's gradient is h diag(s, s, s, 1) h^T at h diag(1, 1, 1, s) h^T, however small s is") {
  const Tensor h = 0.5 * tensor(V{1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1}, {4, 4});
  const auto by_values = [&](double front, double back) {
    return matmul(h * tensor(V{front, front, front, back}), h);
  };
  for (int k = 0; k <= 50; ++k) {
    CAPTURE(k);
    const double s = std::ldexp(1.0, -k);
    const double lost = k > 18 ? 0 : 1e-16 / s;  // from where on singular values are taken

    CHECK(distance(gradient(determinant, by_values(1, s)), by_values(s, 1)) < 1e-14 + lost);
    if (k < 20)
      CHECK(distance(gradient(determinant, by_values(1, s).to(float32)).to(float64), by_values(s, 1)) < 1e-6);
  }
}

TEST_CASE("det of a matrix with nan is nan, and a cotangent of 0 still contributes 0") {
  Tensor a = stack({regular({4, 4}), full({4, 4}, NAN, {.dtype = float64})});
  a.requires_grad_();

  const Tensor y = det(a);
  sum(y * tensor(V{1, 0})).backward();

  CHECK(std::isnan(y.at({1})));
  CHECK(distance(a.grad()[1], zeros({4, 4}, {.dtype = float64})) == 0);
}

TEST_CASE("slogdet is the sign and the logarithm of det, for sizes whose det overflows too") {
  const Tensor a = stack({regular({3, 3}), -regular({3, 3})});
  const SignAndLogarithm y = slogdet(a);

  CHECK(distance(y.sign * exp(y.logabsdet), det(a)) < 1e-13);
  CHECK(y.sign.at({0}) == -y.sign.at({1}));
  CHECK(slogdet(1e3 * eye(200, {.dtype = float64})).logabsdet.item() ==
        doctest::Approx(200 * std::log(1e3)).epsilon(1e-15));
  CHECK(slogdet(zeros({0, 0})).sign.item() == 1);
  CHECK(slogdet(zeros({0, 0})).logabsdet.item() == 0);
}

TEST_CASE("slogdet of a singular matrix has sign 0 and logarithm -inf") {
  const SignAndLogarithm y = slogdet(tensor(V{1, 2, 2, 4}, {2, 2}));

  CHECK(y.sign.item() == 0);
  CHECK(y.logabsdet.item() == -INFINITY);
}

TEST_CASE("slogdet and logdet have gradients to the third order, which is the inverse transposed") {
  check_gradients([](const Tensor& a) { return slogdet(a).logabsdet; }, {regular({3, 3})}, {.order = 3});
  check_gradients([](const Tensor& a) { return slogdet(a).logabsdet; }, {-regular({2, 3, 3})});
  check_gradients([](const Tensor& a) { return logdet(a); }, {definite(numbers({3, 3}))}, {.order = 3});
  const Tensor a = regular({3, 3});
  CHECK(distance(gradient([](const Tensor& x) { return slogdet(x).logabsdet; }, a), transposed(inverse(a))) <
        1e-15);
}

TEST_CASE("slogdet of a swap has the swap as its gradient") {
  const Tensor swap = tensor(V{0, 1, 1, 0}, {2, 2});

  CHECK(slogdet(swap).sign.item() == -1);
  CHECK(distance(gradient([](const Tensor& x) { return slogdet(x).logabsdet; }, swap), swap) == 0);
}

TEST_CASE("logdet is nan where the determinant is negative and -inf where it is 0") {
  CHECK(std::isnan(logdet(tensor(V{0, 1, 1, 0}, {2, 2})).item()));
  CHECK(logdet(tensor(V{1, 2, 2, 4}, {2, 2})).item() == -INFINITY);
  CHECK(logdet(tensor(V{2, 0, 0, 3}, {2, 2})).item() == doctest::Approx(std::log(6)).epsilon(1e-15));
}

TEST_CASE("a singular matrix that is masked out leaves no trace in slogdet's first and second gradients") {
  Tensor a = stack({regular({2, 2}), tensor(V{1, 2, 2, 4}, {2, 2})});
  a.requires_grad_();

  const Tensor y = where(tensor({true, false}), slogdet(a).logabsdet, 0);
  const Tensor g = grad(sum(y), {a}, {.create_graph = true})[0];
  const Tensor h = grad(sum(g * g), {a})[0];

  CHECK(distance(g[1].detach(), zeros({2, 2}, {.dtype = float64})) == 0);
  CHECK(distance(h[1], zeros({2, 2}, {.dtype = float64})) == 0);
  CHECK(std::isfinite(h[0].at({0, 0})));
}

TEST_CASE("slogdet's gradient at a singular matrix is infinite where a cofactor is not 0") {
  const Tensor g =
      gradient([](const Tensor& x) { return slogdet(x).logabsdet; }, tensor(V{1, 2, 2, 4}, {2, 2}));

  CHECK(g.at({0, 0}) == INFINITY);
  CHECK(g.at({0, 1}) == -INFINITY);
}
