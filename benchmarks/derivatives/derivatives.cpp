// What derivatives cost beside what they are derivatives of: `derivatives` prints a row for each work, with
// what was measured and what the mathematics asks for. `derivatives --check` computes each once, small, and
// compares what two ways to it give.

#include <cmath>
#include <cstring>

#include "measure.hpp"

using namespace bench;

namespace {

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
