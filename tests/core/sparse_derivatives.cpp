// Jacobians and Hessians by groups of columns. What they cost is counted in products and calls.

#include <doctest/doctest.h>

#include <cmath>

#include <xgrad/core.hpp>

using namespace xgrad;

namespace {

Tensor some(std::int64_t n, std::uint64_t seed = 1) {
  Generator random(seed);
  return randn({n}, {.dtype = float64}, random);
}

/// y_i of x_(i-1), x_i and x_(i+1).
Tensor banded(const Tensor& x) {
  const std::int64_t n = x.numel();
  const Tensor middle = narrow(x, 0, 1, n - 2);
  return sin(middle) * narrow(x, 0, 0, n - 2) - square(narrow(x, 0, 2, n - 2));
}

Tensor chained(const Tensor& x) {
  const std::int64_t n = x.numel();
  return sum(square(narrow(x, 0, 1, n - 1) - square(narrow(x, 0, 0, n - 1)))) + sum(exp(0.1 * x));
}

Tensor cross(const Tensor& a, const Tensor& b) {
  return roll(a, -1, 1) * roll(b, -2, 1) - roll(a, -2, 1) * roll(b, -1, 1);
}

/// How far the pictures of points in cameras are from where they were seen: x has nine numbers for each
/// camera, then three for each point. Each point is seen by four cameras behind one another.
struct Bundle {
  std::int64_t cameras, points;
  Tensor camera, point;  // of each picture

  explicit Bundle(std::int64_t unknowns) : cameras(unknowns / 90), points((unknowns - 9 * cameras) / 3) {
    std::vector<std::int64_t> c, p;
    for (std::int64_t i = 0; i < points; ++i)
      for (std::int64_t k = 0; k < 4; ++k) p.push_back(i), c.push_back((i * cameras / points + k) % cameras);
    camera = tensor(c), point = tensor(p);
  }
  std::int64_t unknowns() const { return 9 * cameras + 3 * points; }
  std::int64_t pictures() const { return camera.numel(); }

  Tensor operator()(const Tensor& x) const {
    const Tensor all = reshape(narrow(x, 0, 0, 9 * cameras), {cameras, 9});
    const Tensor c = index_select(all, 0, camera);
    const Tensor p = index_select(reshape(narrow(x, 0, 9 * cameras, 3 * points), {points, 3}), 0, point);
    const Tensor w = narrow(c, 1, 0, 3), moved = p + cross(w, p) + narrow(c, 1, 3, 3);
    const Tensor flat = narrow(moved, 1, 0, 2) / (narrow(moved, 1, 2, 1) + 5);
    const Tensor r = sum(square(flat), {1}, true);
    return narrow(c, 1, 6, 1) * flat * (1 + narrow(c, 1, 7, 1) * r + narrow(c, 1, 8, 1) * square(r));
  }
};

void check_close(const Tensor& a, const Tensor& b) { CHECK(allclose(a, b, 1e-10, 1e-12)); }

std::int64_t count(const SparseMatrix& m) { return m.values.numel(); }

}  // namespace

TEST_CASE("a sparse Jacobian is the Jacobian") {
  const Tensor x = some(40);
  const Bundle bundle(300);
  const Tensor b = some(bundle.unknowns(), 2);

  check_close(sparse_jacobian(banded, x).dense(), jacobian(banded, x));
  check_close(sparse_jacobian(bundle, b).dense(),
              reshape(jacobian(bundle, b), {2 * bundle.pictures(), bundle.unknowns()}));
  CHECK(count(sparse_jacobian(banded, x)) == 3 * 38);
  CHECK(count(sparse_jacobian(bundle, b)) == bundle.pictures() * 2 * 12);
}

TEST_CASE("a sparse Hessian is the Hessian") {
  const Tensor x = some(30);
  const Bundle bundle(300);
  const Tensor b = some(bundle.unknowns(), 2);
  const auto squares = [&](const Tensor& t) { return sum(square(bundle(t))); };

  check_close(sparse_hessian(chained, x).dense(), hessian(chained, x));
  check_close(sparse_hessian(squares, b).dense(), hessian(squares, b));
  CHECK(count(sparse_hessian(chained, x)) == 3 * 30 - 2);
}

TEST_CASE("the passes of a band do not grow with its length") {
  for (std::int64_t n : {100, 10'000, 100'000}) {
    const Tensor x = some(n);
    int calls = 0;
    const auto f = [&](const Tensor& t) { return ++calls, banded(t); };

    const SparseJacobian by(jacobian_sparsity(f, x));
    const int to_find = std::exchange(calls, 0);
    const SparseMatrix j = by(f, x);

    CHECK(by.passes() == 3);
    CHECK(to_find <=
          2 * std::ceil(std::log2(static_cast<double>(n)) / 2));  // two calls a step of parting in four
    CHECK(calls == 2);                                            // with the check
    CHECK(count(j) == 3 * (n - 2));
    if (n > 10'000) continue;
    const SparseHessian of_sum(hessian_sparsity(chained, x));
    CHECK(of_sum.passes() <= 4);
    CHECK(count(of_sum(chained, x)) == 3 * n - 2);
  }
}

TEST_CASE("the Hessian of a bundle is found and read in passes that do not grow with it") {
  for (std::int64_t n : {450, 3'600}) {
    const Bundle bundle(n);
    int calls = 0;
    const auto f = [&](const Tensor& t) { return ++calls, sum(square(bundle(t))); };
    const Tensor x = some(bundle.unknowns(), 3);

    const SparsityPattern p = hessian_sparsity(f, x);
    const SparseHessian by(p);

    CHECK(calls <= 12 * std::ceil(std::log2(static_cast<double>(n)) / 2));
    CHECK(by.passes() <= 80);
    CHECK(p.rows.numel() == 81 * bundle.cameras + 9 * bundle.points + 2 * 27 * bundle.pictures());
  }
}

TEST_CASE("a bundle of 100,000 unknowns takes twelve passes, as one of 1,000 does") {
  for (std::int64_t n : {1'000, 100'000}) {
    const Bundle bundle(n);
    const Tensor x = some(bundle.unknowns(), 3);
    SparsityPattern p{
        arange(0, 24 * bundle.pictures(), 1, {.dtype = int64}), {}, 2 * bundle.pictures(), bundle.unknowns()};
    std::vector<std::int64_t> rows, columns;
    const auto camera = bundle.camera.to_vector<std::int64_t>(),
               point = bundle.point.to_vector<std::int64_t>();
    for (std::size_t i = 0; i < camera.size(); ++i)
      for (std::int64_t k = 0; k < 24; ++k) {
        rows.push_back(2 * static_cast<std::int64_t>(i) + k % 2);
        columns.push_back(k / 2 < 9 ? 9 * camera[i] + k / 2 : 9 * bundle.cameras + 3 * point[i] + k / 2 - 9);
      }
    p.rows = tensor(rows), p.columns = tensor(columns);

    const SparseJacobian by(p);
    const SparseMatrix j = by(bundle, x);

    CHECK(by.passes() == 12);
    CHECK(by.is_forward());
    CHECK(count(j) == 24 * bundle.pictures());
    const Tensor v = some(bundle.unknowns(), 4), along = jvp(bundle, x, v).second;
    const Tensor product =
        scatter_add(zeros({j.height}, float64), 0, j.rows, j.values * index_select(v, 0, j.columns));
    check_close(product, reshape(along, {j.height}));
  }
}

TEST_CASE("a Hessian with the shape of an arrow is read in two passes") {
  const auto arrow = [](const Tensor& x) { return sum(square(x) * x[0]) + sum(exp(x)); };
  const std::int64_t n = 50;
  std::vector<std::int64_t> rows, columns;
  for (std::int64_t i = 0; i < n; ++i)
    rows.push_back(i), columns.push_back(i), rows.push_back(0), columns.push_back(i);
  const SparseHessian by({tensor(rows), tensor(columns), n, n});
  const Tensor x = some(n);

  CHECK(by.passes() == 2);
  check_close(by(arrow, x).dense(), hessian(arrow, x));
  check_close(sparse_hessian(arrow, x).dense(), hessian(arrow, x));
}

TEST_CASE("random patterns are read as they are") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Generator random(seed);
    const std::int64_t n = 24, m = 17;
    const Tensor a = randn({m, n}, {.dtype = float64}, random) *
                     (rand({m, n}, {.dtype = float64}, random) < 0.15).to(float64);
    const Tensor q = matmul(a.t(), a);
    const Tensor x = some(n, seed);
    const auto f = [&](const Tensor& t) { return matmul(a, square(t)); };
    const auto g = [&](const Tensor& t) { return dot(t, mv(q, t)) + sum(pow(t, 3)); };
    const SparsityPattern by_random = jacobian_sparsity(f, x, {.probe = Probe::random});

    check_close(sparse_jacobian(f, x, by_random).dense(), jacobian(f, x));
    CHECK(by_random.rows.numel() == count_nonzero(a).item<std::int64_t>());
    const SparsityPattern of_g = hessian_sparsity(g, x, {.probe = Probe::random});
    check_close(sparse_hessian(g, x, of_g).dense(), hessian(g, x));
  }
}

TEST_CASE("where rows are full the passes go by rows") {
  const auto f = [](const Tensor& x) { return cat({reshape(sum(square(x)), {1}), reshape(prod(x), {1})}); };
  const Tensor x = some(300) / 10 + 1;

  const SparseJacobian by(jacobian_sparsity(f, x));

  CHECK_FALSE(by.is_forward());
  CHECK(by.passes() == 2);
  check_close(by(f, x).dense(), jacobian(f, x));
}

TEST_CASE("nan finds what is 0 by chance, and random numbers do not") {
  const auto f = [](const Tensor& x) { return square(x) + roll(x, 1, 0) * 0.0; };
  const Tensor x = zeros({6}, float64);

  CHECK(jacobian_sparsity(f, x).rows.numel() == 12);
  CHECK(jacobian_sparsity(f, x, {.probe = Probe::random}).rows.numel() == 0);
}

TEST_CASE("an element that the pattern lacks is named") {
  const auto f = [](const Tensor& x) { return x * flip(x, {0}); };
  const Tensor x = some(4), i = arange(0, 4, 1, {.dtype = int64});

  CHECK_THROWS_WITH_AS(sparse_jacobian(f, x, SparsityPattern{i, i, 4, 4}),
                       doctest::Contains("sparse_jacobian: the pattern lacks an element of row 0"), Error);
  CHECK_NOTHROW(sparse_jacobian(f, x, SparsityPattern{i, i, 4, 4}, {.check = false}));
}

TEST_CASE("values of a sparse matrix can be differentiated") {
  const Tensor x = some(6).requires_grad_();

  const SparseMatrix j =
      sparse_jacobian([](const Tensor& t) { return pow(t, 3); }, x, {.create_graph = true});
  const SparseMatrix h =
      sparse_hessian([](const Tensor& t) { return sum(pow(t, 4)); }, x, {.create_graph = true});

  check_close(grad(sum(j.values), {x})[0], 6 * x.detach());
  check_close(grad(sum(h.values), {x})[0], 24 * x.detach());
}

TEST_CASE("patterns that cannot be are named") {
  const Tensor i = arange(0, 3, 1, {.dtype = int64});
  CHECK_THROWS_WITH_AS(
      SparseJacobian({i, i, 3, 2}),
      "SparseJacobian: an element of the pattern lies outside of the matrix: element 2 is in row 2 "
      "and column 2 of 3 x 2; set height and width to those of the matrix",
      Error);
  CHECK_THROWS_WITH_AS(
      SparseJacobian({i, some(3), 3, 3}),
      "SparseJacobian: a pattern has as many rows as columns, int64 vectors: one is f64[3]; give "
      "both for each element",
      Error);
  CHECK_THROWS_WITH_AS(
      SparseHessian({i, i, 3, 4}),
      "SparseHessian: a Hessian is square: the pattern is 3 x 4; SparseJacobian takes others", Error);
  CHECK_THROWS_WITH_AS(
      sparse_jacobian([](const Tensor& x) { return x; }, some(4), SparsityPattern{i, i, 3, 3}),
      "sparse_jacobian: the matrix is 3 x 4, the pattern 3 x 3; find it for this function", Error);
}
