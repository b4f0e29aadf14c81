#include "core/ops/matrices.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

struct Operands {
  Shape a, b;
};

/// The pairs of ranks that NumPy's @ takes, sizes of 1 and 0 among them.
const std::vector<Operands> pairs = {
    {{3}, {3}},
    {{2, 3}, {3}},
    {{3}, {3, 4}},
    {{2, 3}, {3, 4}},
    {{5, 2, 3}, {3}},
    {{6, 5, 2, 3}, {3}},
    {{3}, {5, 3, 4}},
    {{3}, {6, 5, 3, 4}},
    {{5, 2, 3}, {3, 4}},
    {{6, 5, 2, 3}, {3, 4}},
    {{2, 3}, {5, 3, 4}},
    {{5, 2, 3}, {5, 3, 4}},
    {{1, 2, 3}, {5, 3, 4}},
    {{5, 2, 3}, {1, 3, 4}},
    {{2, 1, 2, 3}, {5, 3, 4}},
    {{2, 5, 2, 3}, {5, 3, 4}},
    {{2, 1, 2, 3}, {1, 5, 3, 4}},
    {{1, 1}, {1, 1}},
    {{1, 3}, {3, 1}},
    {{4, 1}, {1, 4}},
    {{0}, {0}},
    {{2, 0}, {0}},
    {{0}, {0, 4}},
    {{0, 3}, {3}},
    {{3}, {3, 0}},
    {{0, 3}, {3, 4}},
    {{2, 0}, {0, 4}},
    {{2, 3}, {3, 0}},
    {{0, 0}, {0, 0}},
    {{5, 2, 0}, {0, 4}},
    {{5, 2, 0}, {0}},
    {{5, 0, 3}, {3, 4}},
    {{0, 2, 3}, {3, 4}},
    {{0, 2, 3}, {0, 3, 4}},
    {{0, 2, 3}, {1, 3, 4}},
    {{5, 2, 0}, {5, 0, 4}},
    {{0}, {5, 0, 4}},
};

/// The sum over k of a[..., i, k] b[..., k, j] by indices alone.
Tensor naive_product(const Tensor& a, const Tensor& b) {
  const Tensor p = a.dim() == 1 ? unsqueeze(a, 0) : a, q = b.dim() == 1 ? unsqueeze(b, 1) : b;
  Shape shape;
  const int rank = std::max(p.dim(), q.dim());
  for (int i = 0; i < rank - 2; ++i) {
    const int u = i - rank + p.dim(), v = i - rank + q.dim();
    const std::int64_t m = u < 0 ? 1 : p.shape()[u], n = v < 0 ? 1 : q.shape()[v];
    shape.push_back(m == 1 ? n : m);
  }
  shape.push_back(p.size(-2));
  shape.push_back(q.size(-1));
  const auto element = [&](const Tensor& x, const std::vector<std::int64_t>& index, std::int64_t i,
                           std::int64_t j) {
    std::int64_t at = 0;
    for (int axis = 0; axis < x.dim(); ++axis) {
      const int from_end = x.dim() - axis;
      const std::int64_t k = from_end == 2   ? i
                             : from_end == 1 ? j
                                             : index[index.size() - static_cast<std::size_t>(from_end)];
      at = at * x.shape()[axis] + (x.shape()[axis] == 1 ? 0 : k);
    }
    return x.to_vector<double>()[static_cast<std::size_t>(at)];
  };
  std::vector<double> values;
  std::vector<std::int64_t> index(static_cast<std::size_t>(rank));
  for (std::int64_t at = 0; at < shape.numel(); ++at) {
    std::int64_t rest = at;
    for (int axis = rank - 1; axis >= 0; --axis) {
      index[static_cast<std::size_t>(axis)] = rest % shape[axis];
      rest /= shape[axis];
    }
    double sum = 0;
    const std::size_t last = index.size() - 1;
    for (std::int64_t k = 0; k < p.size(-1); ++k)
      sum += element(p, index, index[last - 1], k) * element(q, index, k, index[last]);
    values.push_back(sum);
  }
  if (b.dim() == 1) shape.erase(shape.rank() - 1);
  if (a.dim() == 1) shape.erase(shape.rank() - 1 - (b.dim() == 1 ? 0 : 1));
  return tensor(values, shape);
}

}  // namespace

TEST_CASE("matmul is the sum of products for every pair of ranks, in float64, float32 and int64") {
  for (const Operands& o : pairs) {
    const Shape &p = o.a, &q = o.b;
    CAPTURE(p.str());
    CAPTURE(q.str());
    const Tensor a = numbers(p, 1), b = numbers(q, 2);
    const Tensor i = (a * 10).to(int64), j = (b * 10).to(int64);

    CHECK(distance(matmul(a, b), naive_product(a, b)) < 1e-14);
    CHECK(distance(matmul(a.to(float32), b.to(float32)), naive_product(a, b).to(float32)) < 1e-6);
    CHECK(distance(matmul(i, j), naive_product(i, j).to(int64)) == 0);
  }
}

TEST_CASE("matmul has gradients to the second order for every pair of ranks") {
  for (const Operands& o : pairs) {
    const Shape &p = o.a, &q = o.b;
    CAPTURE(p.str());
    CAPTURE(q.str());
    const Tensor a = numbers(p, 1), b = numbers(q, 2);
    if (p.numel() + q.numel() < 60 && p.numel() * q.numel() > 0)
      check_gradients([](const Tensor& x, const Tensor& y) { return matmul(x, y); }, {a, b},
                      {.float32_rules = true});
    Tensor x = a.clone(), y = b.clone();
    x.requires_grad_(), y.requires_grad_();

    sum(matmul(x, y)).backward();

    CHECK(x.grad().shape() == p);
    CHECK(y.grad().shape() == q);
  }
}

TEST_CASE("matmul without a common axis is 0, and its gradients are empty") {
  Tensor a = zeros({2, 0}, {.requires_grad = true}), b = zeros({0, 4}, {.requires_grad = true});

  const Tensor y = matmul(a, b);
  sum(y).backward();

  CHECK(distance(y, zeros({2, 4})) == 0);
  CHECK(a.grad().shape() == Shape{2, 0});
  CHECK(b.grad().shape() == Shape{0, 4});
}

TEST_CASE("matmul of two bools counts in int64") {
  const Tensor a = tensor({{true, true}, {false, true}});

  CHECK(distance(matmul(a, a), tensor({{1, 2}, {0, 1}})) == 0);
}

TEST_CASE("matmul takes integers beside floating numbers, in the floating dtype") {
  const Tensor a = tensor({{1, 2}, {3, 4}}), b = tensor(std::vector<double>{0.5, -1});

  CHECK(distance(matmul(a, b), tensor(std::vector<double>{-1.5, -2.5})) == 0);
  CHECK(distance(matmul(b, a), tensor(std::vector<double>{-2.5, -3})) == 0);
  CHECK(distance(dot(b, a[0]), full({}, -1.5, {.dtype = float64})) == 0);
}

TEST_CASE("gemm multiplies transposed operands, for each of the four ways") {
  const Tensor a = numbers({2, 3, 4}, 1), b = numbers({4, 5}, 2);

  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      const Tensor p = ta ? transposed(a) : a, q = tb ? transposed(b) : b;
      const auto product = [&](const Tensor& x, const Tensor& y) { return gemm(x, y, ta, tb); };

      CHECK(distance(gemm(p, q, ta, tb), matmul(a, b)) < 1e-15);
      check_gradients(product, {p, q});
    }
}

TEST_CASE("a product does not read what lay in its result's memory before") {
  const Tensor nan = full({64, 64}, NAN, {.dtype = float64});

  for (int i = 0; i < 4; ++i) {
    { const Tensor spoilt = nan * 1; }
    CHECK(distance(matmul(eye(64, {.dtype = float64}), numbers({64, 64})), numbers({64, 64})) == 0);
    { const Tensor spoilt = nan[0] * 1; }
    CHECK(distance(matmul(eye(64, {.dtype = float64}), numbers({64})), numbers({64})) == 0);
    { const Tensor spoilt = nan[0] * 1; }
    CHECK(distance(matmul(numbers({64}), eye(64, {.dtype = float64})), numbers({64})) == 0);
  }
}

TEST_CASE("linear is x weight^T + bias for any number of leading axes, none and empty ones too") {
  const Tensor weight = numbers({4, 3}, 1), bias = numbers({4}, 2);

  for (const Shape& shape : {Shape{3}, Shape{2, 3}, Shape{5, 2, 3}, Shape{0, 3}, Shape{2, 0, 3}}) {
    CAPTURE(shape.str());
    const Tensor x = numbers(shape, 3);

    CHECK(distance(linear(x, weight, bias), matmul(x, transposed(weight)) + bias) < 1e-15);
    CHECK(distance(linear(x, weight), matmul(x, transposed(weight))) < 1e-15);
    if (x.numel() > 0)
      check_gradients([](const Tensor& a, const Tensor& b, const Tensor& c) { return linear(a, b, c); },
                      {x, weight, bias});
  }
}

TEST_CASE("linear without inputs is its bias, and without outputs it is empty") {
  const Tensor bias = numbers({4}, 2);

  CHECK(distance(linear(zeros({5, 2, 0}, {.dtype = float64}), zeros({4, 0}, {.dtype = float64}), bias),
                 expand(bias, {5, 2, 4})) == 0);
  CHECK(linear(zeros({5, 2, 3}), zeros({0, 3}), zeros({0})).shape() == Shape{5, 2, 0});
  CHECK(linear(zeros({5, 2, 0}), zeros({0, 0}), zeros({0})).shape() == Shape{5, 2, 0});
}

TEST_CASE("mv, dot and outer record one node each") {
  Tensor a = numbers({2, 3}), x = numbers({3});
  a.requires_grad_(), x.requires_grad_();

  CHECK(matmul(a, x).op_name() == std::string("mv"));
  CHECK(matmul(x, transposed(a).detach()).op_name() == std::string("mv"));
  CHECK(matmul(x, x).op_name() == std::string("dot"));
  CHECK(outer(x, x).op_name() == std::string("outer"));
}
