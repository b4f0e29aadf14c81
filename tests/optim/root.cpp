// root and fixed_point: where they end, their gradients, and what they say.

#include "xgrad/optim/root.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "optim/more_garbow_hillstrom.hpp"
#include "optim/net.hpp"
#include "xgrad/core/gradcheck.hpp"

using namespace xgrad;
using namespace xgrad::test;
using optim::fixed_point, optim::root, optim::RootMethod, optim::Stop;

namespace {

Tensor f64(Nested values) { return tensor(std::move(values), {.dtype = float64}); }

double largest(const Tensor& x) { return max(abs(x)).item(); }

/// The problems with as many equations as unknowns that have a solution.
std::vector<SquaresProblem> systems() {
  std::vector<SquaresProblem> all;
  for (const SquaresProblem& p : squares_problems())
    if (p.least[0] == 0 && p.residuals(tensor(p.start)).numel() == std::ssize(p.start)) all.push_back(p);
  return all;
}

/// Where a method does not end at a solution of a problem that it reports as one, or not at all.
std::vector<std::string> unsolved(RootMethod method) {
  std::vector<std::string> names;
  for (const SquaresProblem& p : systems()) {
    const auto found = root(p.residuals, tensor(p.start), {.method = method});
    INFO(p.name << ": " << found.report.str());
    CHECK((!found.report || largest(p.residuals(found.x)) < 1e-8));  // no false claims
    if (!found.report) names.push_back(p.name);
  }
  return names;
}

}  // namespace

TEST_CASE("root by Newton's and by Broyden's method solves the systems of Moré, Garbow and Hillstrom") {
  REQUIRE(systems().size() == 12);

  // From its start |f| falls to a place where it is least but not 0.
  const std::vector<std::string> hard{"Freudenstein and Roth"};
  CHECK(unsolved(RootMethod::newton) == hard);
  CHECK(unsolved(RootMethod::broyden) == hard);
}

TEST_CASE("root by Anderson's mixing needs no Jacobian") {
  const SquaresProblem* banded = nullptr;
  for (const SquaresProblem& p : squares_problems())
    if (p.name == "Discrete integral") banded = &p;
  REQUIRE(banded);

  const auto found = root(banded->residuals, tensor(banded->start), {.method = RootMethod::anderson});

  CHECK(found.report.success());
  CHECK(found.report.njev == 0);
  CHECK(found.report.nfev < 30);
  CHECK(largest(banded->residuals(found.x)) < 1e-11);
}

TEST_CASE("root converges as its methods do: in few steps from near, with one Jacobian by Broyden's") {
  const auto f = [](const Tensor& x) { return stack({x[0] * x[0] + x[1] * x[1] - 4, exp(x[0]) + x[1] - 1}); };
  const Tensor start = f64({1.0, -1.7});  // near (1.00417, -1.72964), Burden and Faires

  const auto newton = root(f, start), broyden = root(f, start, {.method = RootMethod::broyden});

  for (const auto& found : {newton, broyden})
    CHECK(largest(found.x - f64({1.0041687384746592, -1.7296372870258699})) < 1e-12);
  CHECK(newton.report.nit <= 5);
  CHECK(broyden.report.njev == 1);
  CHECK(broyden.report.nit <= 9);
}

TEST_CASE("root and fixed_point have gradients by their parameters, to second order") {
  const Tensor a = f64({2.0, 5.0}).requires_grad_(), start = ones({2}, float64);
  const auto cubes = [&](const Tensor& p) {
    return root([](const Tensor& x, const Tensor& q) { return x * x * x - q; }, start, {.parameters = {p}}).x;
  };
  const auto roots = [&](const Tensor& p) {  // Heron's rule
    return fixed_point([](const Tensor& x, const Tensor& q) { return (x + q / x) / 2; }, start,
                       {.parameters = {p}})
        .x;
  };

  CHECK(largest(cubes(a) - pow(a, 1.0 / 3)) < 1e-12);
  CHECK(largest(roots(a) - sqrt(a)) < 1e-12);
  CHECK(largest(grad(sum(cubes(a)), {a})[0] - pow(a, -2.0 / 3) / 3) < 1e-12);
  CHECK(gradcheck(cubes, {a}, {.order = 2}));
  CHECK(gradcheck(roots, {a}, {.order = 2}));
  CHECK_FALSE(cubes(a.detach()).requires_grad());
}

TEST_CASE("fixed_point mixes steps of a map, and repeats it as it is without a history") {
  const auto map = [](const Tensor& x) { return cos(x); };  // Dottie's number
  const Tensor start = f64({1.0});

  const auto mixed = fixed_point(map, start), plain = fixed_point(map, start, {.history_size = 0});

  for (const auto& found : {mixed, plain}) {
    CHECK(found.report.success());
    CHECK(found.x.item() == doctest::Approx(0.7390851332151607).epsilon(1e-11));
  }
  CHECK(mixed.report.nfev < 10);
  CHECK(plain.report.nfev > 50);
}

TEST_CASE("fixed_point finds what repeating the map runs away from") {
  const auto found = fixed_point([](const Tensor& x) { return 3 - 2 * x; }, f64({0.3}));

  CHECK(found.report.success());
  CHECK(found.x.item() == doctest::Approx(1).epsilon(1e-12));
}

TEST_CASE("root works in float32, on any shape, and leaves its start as it was") {
  const Tensor start = ones({2, 1}), a = tensor({{2.0}, {3.0}});

  for (const RootMethod method : {RootMethod::newton, RootMethod::broyden}) {
    const auto found = root([&](const Tensor& x) { return x * x - a; }, start, {.method = method});

    CHECK(found.report.success());
    CHECK(found.x.dtype() == float32);
    CHECK(found.x.shape() == Shape{2, 1});
    CHECK(largest(found.x - sqrt(a)) < 1e-6);
  }
  CHECK(start.to_vector<float>() == std::vector<float>{1, 1});
}

TEST_CASE("root reports what kept it from a zero, and its x has no gradient then") {
  const Tensor start = f64({3.0}), p = f64({1.0}).requires_grad_();
  const auto none = [](const Tensor& x, const Tensor& q) { return x * x + q; };
  const auto flat = [](const Tensor& x) { return 0 * x + 1; };

  const auto found = root(none, start, {.max_iter = 50, .parameters = {p}});

  CHECK_FALSE(found.report);
  CHECK_FALSE(found.x.requires_grad());
  CHECK(root(flat, start).report.stop == Stop::singular);
  CHECK(root(flat, start, {.method = RootMethod::broyden}).report.stop == Stop::singular);
  CHECK(root(flat, start, {.method = RootMethod::anderson, .max_iter = 20}).report.stop == Stop::max_iter);
  CHECK(root([](const Tensor& x) { return exp(x); }, start, {.max_iter = 7}).report.stop == Stop::max_iter);
  CHECK(root([](const Tensor& x) { return exp(x); }, start, {.max_eval = 4}).report.stop == Stop::max_eval);
  CHECK(fixed_point([](const Tensor& x) { return exp(x); }, start, {.history_size = 0}).report.stop ==
        Stop::not_finite);
}

TEST_CASE("root and fixed_point say what they cannot do") {
  const Tensor x = ones({2}, float64), p = ones({2}, float64).requires_grad_();

  CHECK(said([&] { root([](const Tensor& t) { return sum(t); }, x); }) ==
        "root: the function must have as many elements as x: it is f64[], x is f64[2]");
  CHECK(said([&] { root([](const Tensor& t) { return log(t - 1); }, x); }) ==
        "root: the function must be finite at the start: element 0 is -inf of f64[2]; begin elsewhere");
  CHECK(said([&] { fixed_point([](const Tensor& t) { return sum(t); }, x); }) ==
        "fixed_point: g(x) must have the shape and dtype of x: it is f64[], x is f64[2]");
  CHECK(said([&] { root([](const Tensor& t) { return t; }, x, {.mixing = 0}); }) ==
        "root: mixing must be finite and not 0: got 0");
  CHECK(said([&] { fixed_point([](const Tensor& t) { return t; }, x, {.history_size = -1}); }) ==
        "fixed_point: history_size must be at least 0 and finite: got -1");
  CHECK(said([&] { root([](const Tensor& t) { return t; }, x, {.max_iter = 0}); }) ==
        "root: max_iter must be at least 1: got 0");
  CHECK(said([&] {
          sum(root([&](const Tensor& t, const Tensor& q) { return t * p - q; }, x, {.parameters = {p}}).x)
              .backward();
        }).starts_with("implicit_root: the residual reads a tensor that requires a gradient"));
}
