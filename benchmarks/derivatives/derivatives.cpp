// What derivatives cost beside what they are derivatives of: `derivatives` prints a row for each work, with
// what was measured and what the mathematics asks for. `derivatives --check` computes each once, small, and
// compares what two ways to it give.

#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>

#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

bool check_only = false;
int faults = 0;

double seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// The least time of a call of f, of as many as take a quarter of a second.
double time_of(const std::function<void()>& f) {
  double best = 1e30, total = 0;
  for (int i = 0; i == 0 || (!check_only && (i < 3 || total < 0.25)); ++i) {
    const double start = seconds();
    f();
    const double t = seconds() - start;
    best = std::min(best, t);
    total += t;
  }
  return best;
}

void print(const std::string& what, double measured, const char* unit, const char* should_be) {
  std::printf("%-66s %10.2f %-6s %s\n", what.c_str(), measured, unit, should_be);
  std::fflush(stdout);
}

void expect_same(const char* what, const Tensor& a, const Tensor& b) {
  if (allclose(a, b, 1e-9, 1e-12)) return;
  std::printf("%s: the two ways differ\n", what);
  ++faults;
}

std::int64_t sized(std::int64_t n) { return check_only ? std::min<std::int64_t>(n, 12) : n; }

Tensor leaf(const Shape& shape, std::uint64_t seed, double scale = 1) {
  Generator random(seed);
  return (randn(shape, {.dtype = float64}, random) * scale).requires_grad_();
}

// Walks -----------------------------------------------------------------------------------------------------

Tensor chain(Tensor x, const Tensor& w, const Tensor& b, std::int64_t ops) {
  for (std::int64_t i = 0; i < ops; i += 2) x = x * w + b;
  return sum(x);
}

void grad_beside_backward() {
  const Tensor x = leaf({14}, 1), w = (leaf({14}, 2, 0.01).detach() + 0.9).requires_grad_(),
               b = leaf({14}, 3);
  for (std::int64_t ops : {300, 3000, 30000, 120000}) {
    const std::int64_t n = sized(ops);
    double by_grad = 1e30, by_backward = 1e30;
    std::vector<Tensor> g;
    const auto measure = [&](const std::function<void(const Tensor&)>& f) {
      const Tensor y = chain(x, w, b, n);
      const double start = seconds();
      f(y);
      return seconds() - start;
    };
    for (int i = 0; i < (check_only ? 1 : 1 + 600000 / static_cast<int>(n)); ++i) {
      for (Tensor t : {x, w, b}) t.zero_grad();
      by_backward = std::min(by_backward, measure([&](const Tensor& y) { y.backward(); }));
      by_grad = std::min(by_grad, measure([&](const Tensor& y) { g = grad(y, {w, b}); }));
    }
    expect_same("grad and backward", g[0], w.grad());
    print("grad(y, {w, b}) / backward(), ops in a chain: " + std::to_string(n), by_grad / by_backward,
          "times", "1.05");
  }
}

void unrolled() {
  for (std::int64_t steps : {50, 200, 800, 1600}) {
    const std::int64_t k = sized(steps);
    const Tensor start = leaf({10}, 4);
    const double t = time_of([&] {
      Tensor x = start;
      for (std::int64_t i = 0; i < k; ++i)
        x = x - 1e-3 * grad(sum(square(x) * x), {x}, {.create_graph = true})[0];
    });
    print("unrolled gradient descent, a step of " + std::to_string(k), 1e6 * t / static_cast<double>(k), "us",
          "constant");
  }
}

void above_a_history() {
  for (std::int64_t ops : {100, 10000, 100000}) {
    Tensor x = leaf({10}, 5);
    for (std::int64_t i = 0; i < sized(ops); ++i) x = x * 1.0;
    const Tensor y = sum(square(x));
    Tensor g;
    const double t = time_of([&] { g = grad(y, {x}, {.retain_graph = true})[0]; });
    expect_same("grad above a history", g, 2 * x.detach());
    print("grad(sum(square(x)), {x}) above ops: " + std::to_string(sized(ops)), 1e6 * t, "us", "constant");
  }
}

void rows_in_a_loop() {
  for (std::int64_t rows : {1000, 4000}) {
    const std::int64_t n = sized(rows);
    const Tensor x = leaf({n, 14}, 6), w = leaf({14}, 7);
    const auto read = [&](const std::vector<Tensor>& parts) {
      Tensor total = sum(parts[0] * w);
      for (std::size_t i = 1; i < parts.size(); ++i) total = total + sum(parts[i] * w);
      return total;
    };
    Tensor one, other;
    const double by_index = time_of([&] {
      std::vector<Tensor> parts;
      for (std::int64_t i = 0; i < n; ++i) parts.push_back(x[i]);
      one = grad(read(parts), {x})[0];
    });
    const double by_unbind = time_of([&] { other = grad(read(unbind(x)), {x})[0]; });
    expect_same("x[i] and unbind", one, other);
    print("reading x[i] in a loop and its gradient, rows: " + std::to_string(n), 1e3 * by_index, "ms",
          "linear");
    print("the same by unbind", 1e3 * by_unbind, "ms", "linear");
  }
}

// Whole derivatives -----------------------------------------------------------------------------------------

Tensor network(const Tensor& x, const Tensor& w, const Tensor& v) { return matmul(tanh(matmul(x, w)), v); }

void direction() {
  const std::int64_t n = sized(128);
  const Tensor x = leaf({n, n}, 8).detach(), w = leaf({n, n}, 9, 0.1).detach(),
               v = leaf({n, n}, 10, 0.1).detach();
  const auto f = [&](const Tensor& t) { return network(t, w, v); };
  const double value = time_of([&] { f(x); });
  const double along = time_of([&] { jvp(f, x, v); });
  print("jvp / function: two products of 128 x 128 and a tanh", along / value, "times", "2 to 2.5");
  const auto g = [](const Tensor& t) { return exp(sin(t) * t) / (1 + square(t)); };
  const Tensor wide = leaf({sized(100000)}, 11).detach();
  const double plain = time_of([&] {
    const NoGrad guard;
    g(wide);
  });
  print("jvp / function: elementwise, 100,000 numbers", time_of([&] { jvp(g, wide, wide); }) / plain, "times",
        "2 to 2.5");
}

void blocks() {
  const std::int64_t n = sized(1000);
  const Tensor x = leaf({n, 15}, 12).detach(), a = leaf({15, 3}, 13).detach();
  const auto f = [&](const Tensor& t) { return sin(matmul(t, a)) * sum(square(t), {1}, true); };
  Tensor by_hand;
  const double hand = time_of([&] {
    const Tensor t = x.detach().requires_grad_();
    const Tensor y = f(t);
    std::vector<Tensor> rows;
    for (int k = 0; k < 3; ++k) rows.push_back(grad(sum(select(y, 1, k)), {t}, {.retain_graph = true})[0]);
    by_hand = stack(rows, 1);
  });
  print("Jacobian of 1,000 independent blocks of 3 x 15 by hand", 1e3 * hand, "ms", "");
  Tensor j;
  const double t = time_of([&] { j = jacobian(f, x, {.independent_rows = true}); });
  expect_same("independent rows", j, by_hand);
  print("the same by jacobian", 1e3 * t, "ms", "as by hand");
}

/// The gradients of each element of y, one reverse pass behind another.
Tensor row_by_row(const Tensor& y, const Tensor& x) {
  const Tensor units = eye(y.numel(), {.dtype = float64});
  std::vector<Tensor> rows;
  for (const Tensor& unit : unbind(units)) rows.push_back(grad({y}, {x}, {unit}, {.retain_graph = true})[0]);
  return stack(rows);
}

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
  const Tensor labels = arange(0, n, 1, {.dtype = int64}) % 10;
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

// Costs of single functions ---------------------------------------------------------------------------------

void contraction() {
  const std::int64_t n = sized(40), m = sized(30);
  const Tensor t = leaf({n, n, n}, 17).detach(), a = leaf({n, m}, 18).detach(), b = leaf({n, m}, 19).detach();
  Tensor one, two;
  const double whole = time_of([&] { one = einsum("ijk,ia,jb->abk", {t, a, b}); });
  const double parts = time_of([&] { two = einsum("ajk,jb->abk", {einsum("ijk,ia->ajk", {t, a}), b}); });
  expect_same("einsum", one, two);
  print("einsum(\"ijk,ia,jb->abk\"), 40 and 30", 1e3 * whole, "ms", "");
  print("the same as two einsums", 1e3 * parts, "ms", "");
}

void determinant() {
  const Tensor a = leaf({5, 5}, 20);
  const auto many = [](const std::function<void()>& f) {
    return [f] {
      for (int i = 0; i < (check_only ? 1 : 200); ++i) f();
    };
  };
  const Tensor constant = a.detach();
  const double value = time_of(many([&] { det(constant); }));
  const double both = time_of(many([&] { grad(det(a), {a}); }));
  print("det 5 x 5 with its gradient / its value", both / value, "times", "5");
}

/// The log-likelihood of a Gaussian mixture, after ADBench.
struct Mixture {
  std::int64_t d, k, n;
  Tensor x = leaf({1, n, d}, 21).detach();
  Tensor alpha = leaf({k}, 22), mu = leaf({k, 1, d}, 23), s = leaf({k, d}, 24, 0.3),
         below = leaf({k, d, d}, 25, 0.1);
  Tensor identity = eye(d, {.dtype = float64}), mask = tril(ones({d, d}, {.dtype = float64}), -1);

  Tensor objective() const {
    const Tensor q = below * mask + exp(s).unsqueeze(2) * identity;
    const Tensor distance = sum(square(gemm(x - mu, q, false, true)), {2});
    const Tensor terms = (alpha + sum(s, {1})).unsqueeze(1) - 0.5 * distance;
    return static_cast<double>(n) * logsumexp(alpha, {0}) - sum(logsumexp(terms, {0}));
  }
};

void mixture() {
  for (std::int64_t d : {2, 64}) {
    const Mixture m{.d = sized(d), .k = sized(25), .n = sized(1000)};
    const double value = time_of([&] {
      const NoGrad guard;
      m.objective();
    });
    const double gradient = time_of([&] { grad(m.objective(), {m.alpha, m.mu, m.s, m.below}); });
    print("mixture, gradient / objective, d = " + std::to_string(d), gradient / value, "times", "3.5");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::pair<const char*, void (*)()>> works = {{"walk", grad_beside_backward},
                                                                 {"unrolled", unrolled},
                                                                 {"history", above_a_history},
                                                                 {"rows", rows_in_a_loop},
                                                                 {"jvp", direction},
                                                                 {"blocks", blocks},
                                                                 {"dense", dense},
                                                                 {"sparse", sparse},
                                                                 {"examples", examples},
                                                                 {"einsum", contraction},
                                                                 {"det", determinant},
                                                                 {"mixture", mixture}};
  set_num_threads(1);
  std::string part;
  for (int i = 1; i < argc; ++i)
    std::strcmp(argv[i], "--check") == 0 ? void(check_only = true) : void(part = argv[i]);
  for (const auto& [name, run] : works)
    if (part.empty() || part == name) run();
  return faults == 0 ? 0 : 1;
}
