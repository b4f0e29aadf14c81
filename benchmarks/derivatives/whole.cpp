// Jacobians and Hessians, dense and sparse, and the gradients of each example, beside a loop of passes.

#include "measure.hpp"

namespace bench {

namespace {

/// The gradients of each element of y, one reverse pass behind another.
Tensor row_by_row(const Tensor& y, const Tensor& x) {
  const Tensor units = eye(y.numel(), {.dtype = float64});
  std::vector<Tensor> rows;
  for (const Tensor& unit : unbind(units)) rows.push_back(grad({y}, {x}, {unit}, {.retain_graph = true})[0]);
  return stack(rows);
}

}  // namespace

void dense() {
  const std::int64_t n = sized(1000);
  const Tensor a = leaf({n, n}, 14, 0.03).detach(), x = leaf({n}, 15);
  Tensor one, other;
  const auto compare = [&](const char* what, const std::function<void()>& rows,
                           const std::function<void()>& whole) {
    const double by_rows = time_of(rows), together = time_of(whole);
    expect_same(what, one, other);
    print(std::string(what) + ", row by row", 1e3 * by_rows, "ms", "");
    print("the same by one call", 1e3 * together, "ms", "a quarter");
  };
  const auto f = [&](const Tensor& t) { return tanh(matmul(a, t)); };
  compare(
      "Jacobian 1,000 x 1,000, dense", [&] { one = row_by_row(f(x), x); }, [&] { other = jacobian(f, x); });
  const Tensor labels = (leaf({n}, 16).detach() > 0).to(float64);
  const auto logistic = [&](const Tensor& t) {
    const Tensor z = matmul(a, t);
    return sum(softplus(z) - labels * z);
  };
  compare(
      "Hessian of logistic regression, n = 1,000",
      [&] { one = row_by_row(grad(logistic(x), {x}, {.create_graph = true})[0], x).detach(); },
      [&] { other = hessian(logistic, x); });
}

namespace {

/// How far pictures of points in cameras are from where they were seen: nine numbers for each camera, then
/// three for each point, which four cameras see.
struct Bundle {
  std::int64_t cameras, points;
  Tensor camera, point;

  explicit Bundle(std::int64_t unknowns) : cameras(unknowns / 90), points((unknowns - 9 * cameras) / 3) {
    std::vector<std::int64_t> c, p;
    for (std::int64_t i = 0; i < points; ++i)
      for (std::int64_t k = 0; k < 4; ++k) p.push_back(i), c.push_back((i * cameras / points + k) % cameras);
    camera = tensor(c), point = tensor(p);
  }
  std::int64_t unknowns() const { return 9 * cameras + 3 * points; }

  Tensor operator()(const Tensor& x) const {
    const Tensor c = index_select(reshape(narrow(x, 0, 0, 9 * cameras), {cameras, 9}), 0, camera);
    const Tensor p = index_select(reshape(narrow(x, 0, 9 * cameras, 3 * points), {points, 3}), 0, point);
    const Tensor w = narrow(c, 1, 0, 3);
    const Tensor turned = roll(w, -1, 1) * roll(p, -2, 1) - roll(w, -2, 1) * roll(p, -1, 1);
    const Tensor moved = p + turned + narrow(c, 1, 3, 3);
    const Tensor flat = narrow(moved, 1, 0, 2) / (narrow(moved, 1, 2, 1) + 5);
    const Tensor r = sum(square(flat), {1}, true);
    return narrow(c, 1, 6, 1) * flat * (1 + narrow(c, 1, 7, 1) * r + narrow(c, 1, 8, 1) * square(r));
  }
};

}  // namespace

void sparse() {
  for (std::int64_t n : {10'000, 100'000}) {
    const Bundle f(check_only ? 200 : n);
    const Tensor x = leaf({f.unknowns()}, 26, 0.3).detach();
    SparsityPattern pattern;
    const double find = time_of([&] { pattern = jacobian_sparsity(f, x); });
    SparseMatrix j;
    double prepare = 0, values = 0, value = 0;
    {
      prepare = time_of([&] { SparseJacobian once(pattern); });
      const SparseJacobian by(pattern);
      values = time_of([&] { j = by(f, x, {.check = false}); });
      value = time_of([&] { f(x); });
    }
    if (check_only) expect_same("sparse Jacobian", j.dense(), reshape(jacobian(f, x), {j.height, j.width}));
    const auto each = static_cast<double>(j.values.numel());
    const std::string of = "bundle of " + std::to_string(f.unknowns()) + " unknowns: ";
    print(of + "finding the pattern, a nonzero", 1e9 * find / each, "ns", "constant");
    print(of + "colors, a nonzero", 1e9 * prepare / each, "ns", "constant");
    print(of + "sparse Jacobian, a nonzero", 1e9 * values / each, "ns", "constant");
    print(of + "sparse Jacobian / function", values / value, "times", "12 tangents");
  }
}

void examples() {
  const std::int64_t n = sized(256), d = sized(64);
  const Tensor w = leaf({d, d}, 27, 0.1), b = leaf({d}, 28), v = leaf({10, d}, 29, 0.1);
  const Tensor x = leaf({n, d}, 30).detach();
  const Tensor labels = remainder(arange(0, n, 1, {.dtype = int64}), 10);
  const std::vector<Tensor> parameters = {w, b, v};
  const auto f = [&](const Tensor& t, const Tensor& l) {
    return cross_entropy(linear(linear(t, w, b, Activation::tanh), v), l, {.reduction = Reduction::none});
  };
  std::vector<Tensor> one, other;
  const double looped = time_of([&] {
    std::vector<std::vector<Tensor>> rows(3);
    for (std::int64_t i = 0; i < n; ++i) {
      const auto g = grad(sum(f(narrow(x, 0, i, 1), narrow(labels, 0, i, 1))), parameters);
      for (std::size_t k = 0; k < 3; ++k) rows[k].push_back(g[k]);
    }
    one = {stack(rows[0]), stack(rows[1]), stack(rows[2])};
  });
  const double together = time_of([&] { other = gradients_per_example(f, parameters, {x, labels}); });
  expect_same("gradients per example", one[0], other[0]);
  print("gradients of 256 examples, two layers of 64, in a loop", 1e3 * looped, "ms", "");
  print("the same by gradients_per_example", 1e3 * together, "ms", "");
}

}  // namespace bench
