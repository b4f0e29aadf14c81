// minimize and newton_cg: the problems of Moré, Garbow and Hillstrom, 1981, bounds, and what they say.

#include "xgrad/optim/minimize.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "optim/more_garbow_hillstrom.hpp"
#include "optim/net.hpp"

using namespace xgrad;
using namespace xgrad::test;
using optim::minimize, optim::newton_cg, optim::Stop;

namespace {

Tensor f64(Nested values) { return tensor(std::move(values), {.dtype = float64}); }

double largest(const Tensor& x) { return max(abs(x)).item(); }

/// The problems at whose minima a method does not end, or does not know that it has. Meyer's is passed over:
/// the condition of its Hessian is beyond rounding, on which it depends how far they come.
template <class Method>
std::vector<std::string> missed(Method method) {
  std::vector<std::string> names;
  for (const SquaresProblem& p : squares_problems()) {
    if (p.name == "Meyer") continue;
    const auto found = method([&](const Tensor& x) { return sum(square(p.residuals(x))); }, tensor(p.start));
    if (!ends_well(p, found.value, 1e-10, 2e-5) || !found.report) names.push_back(p.name);
  }
  return names;
}

const auto rosenbrock = [](const Tensor& x) { return sum(square(problems::rosenbrock(x))); };

}  // namespace

TEST_CASE("minimize and newton_cg end at the minima of Moré, Garbow and Hillstrom") {
  REQUIRE(squares_problems().size() == 31);

  CHECK(missed([](auto f, const Tensor& x) { return minimize(f, x, {.ftol = 0}); }) ==
        std::vector<std::string>{});
  CHECK(missed([](auto f, const Tensor& x) { return newton_cg(f, x, {.gtol = 1e-10, .ftol = 0}); }) ==
        std::vector<std::string>{});
}

TEST_CASE("minimize with bounds ends where the gradient points out of them") {
  // The nearest place of a box to a place outside, with a matrix that couples the elements: the conditions of
  // Karush, Kuhn and Tucker say where that is.
  Generator generator(3);
  const Tensor m = randn({30, 30}, float64, generator), a = matmul(m.t(), m) / 30 + eye(30, float64);
  const Tensor center = 2 * randn({30}, float64, generator), lower = full({30}, -0.5, float64),
               upper = f64(1.0);

  const auto found = minimize([&](const Tensor& x) { return dot(x - center, mv(a, x - center)) / 2; },
                              zeros({30}, float64), {.lower = lower, .upper = upper, .gtol = 1e-7});

  CHECK(found.report.success());
  const auto x = found.x.to_vector<double>(), g = mv(a, found.x - center).to_vector<double>();
  int low = 0, high = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    CHECK((x[i] >= -0.5 && x[i] <= 1));
    CHECK((x[i] == -0.5 ? g[i] > 0 : x[i] == 1 ? g[i] < 0 : std::abs(g[i]) <= 1e-7));
    low += x[i] == -0.5, high += x[i] == 1;
  }
  CHECK(low > 3);
  CHECK(high > 3);
  CHECK(low + high < 28);
}

TEST_CASE("minimize finds Rosenbrock's function least on the border that cuts its valley") {
  const Tensor start = f64({-1.2, 0.5});

  const auto found = minimize(rosenbrock, start, {.upper = f64({2.0, 0.5})});

  // With x1 = 1/2 the value is least where 400 x0^3 - 198 x0 - 2 = 0, near sqrt(1/2).
  const double x0 = found.x.at({0});
  CHECK(found.x.at({1}) == 0.5);
  CHECK(std::abs(400 * x0 * x0 * x0 - 198 * x0 - 2) < 1e-6);
  CHECK(x0 > 0.7);
  CHECK(start.to_vector<double>() == std::vector<double>{-1.2, 0.5});
}

TEST_CASE("minimize stays where its bounds leave no room") {
  const auto found =
      minimize(rosenbrock, f64({2.0, 3.0}), {.lower = f64({2.0, 3.0}), .upper = f64({2.0, 3.0})});

  CHECK(found.report.stop == Stop::gtol);
  CHECK(found.x.to_vector<double>() == std::vector<double>{2, 3});
  CHECK(found.value == 101);
}

TEST_CASE("minimize and newton_cg take thousands of unknowns") {
  const auto energy = [](const Tensor& x) { return sum(x * x / 2 + pow(x, 4) / 4) - 0.1 * sum(x * cos(x)); };
  const Tensor start = linspace(-1, 1, 5000, {.dtype = float64});

  for (const auto& found : {minimize(energy, start), newton_cg(energy, start)}) {
    CHECK(found.report.success());
    CHECK(found.report.nfev < 30);
    CHECK(largest(found.x + pow(found.x, 3) - 0.1 * cos(found.x) + 0.1 * found.x * sin(found.x)) < 1e-8);
  }
}

TEST_CASE("newton_cg converges as Newton's method, and leaves places of negative curvature") {
  const auto near = newton_cg(rosenbrock, f64({1.1, 1.2}));
  const auto saddle =
      newton_cg([](const Tensor& x) { return square(x[0]) - square(x[1]) + pow(x[1], 4); }, f64({1.0, 1e-3}));

  CHECK(near.report.success());
  CHECK(near.report.nit < 12);
  CHECK(largest(near.x - 1) < 1e-8);
  CHECK(std::abs(saddle.x.at({1})) == doctest::Approx(std::sqrt(0.5)).epsilon(1e-8));
  CHECK(saddle.value == doctest::Approx(-0.25).epsilon(1e-12));
}

TEST_CASE("minimize and newton_cg work in float32 and on any shape") {
  const Tensor start = tensor({{-1.2}, {1.0}});
  const auto f = [](const Tensor& x) { return rosenbrock(x.reshape({2})); };

  for (const auto& found : {minimize(f, start), newton_cg(f, start)}) {
    CHECK(found.report.success());
    CHECK(found.x.dtype() == float32);
    CHECK(found.x.shape() == Shape{2, 1});
    CHECK(found.gradient.shape() == Shape{2, 1});
    CHECK(largest(found.x - 1) < 2e-3);
  }
  CHECK(start.to_vector<float>() == std::vector<float>{-1.2F, 1});
}

TEST_CASE("minimize and newton_cg report why they stopped") {
  const Tensor start = f64({-1.2, 1.0});
  const auto cliff = [](const Tensor& x) { return sum(sqrt(x)); };  // least at 0, where its slope is inf

  CHECK(minimize(rosenbrock, start, {.max_iter = 2}).report.stop == Stop::max_iter);
  CHECK(minimize(rosenbrock, start, {.max_eval = 5}).report.stop == Stop::max_eval);
  CHECK(newton_cg(rosenbrock, start, {.max_iter = 2}).report.stop == Stop::max_iter);
  CHECK_FALSE(minimize(cliff, f64({1.0})).report.stop == Stop::gtol);
  CHECK_FALSE(newton_cg([](const Tensor& x) { return sum(x); }, start, {.max_iter = 30}).report);
  CHECK(minimize(rosenbrock, ones({2}, float64)).report.str() ==
        "minimize: converged, gtol: the gradient is small enough; value 0, 1 values, 1 derivatives");
}

TEST_CASE("minimize and newton_cg report a function without a lower bound, and do not call it converged") {
  const Tensor start = f64({-1.2, 1.0});
  const std::function<Tensor(const Tensor&)> functions[] = {
      [](const Tensor& x) { return sum(x); }, [](const Tensor& x) { return -sum(square(x)) + x[0]; },
      [](const Tensor& x) { return -sum(exp(x)); }};

  for (const auto& f : functions)
    for (const auto& found : {minimize(f, start), newton_cg(f, start)}) {
      CHECK_FALSE(found.report);
      CHECK(found.report.stop == Stop::unbounded);
      CHECK(found.value < -1e9);
    }
  CHECK(minimize(functions[0], start, {.lower = f64(-3.0)}).report.stop == Stop::gtol);
  CHECK(minimize(functions[0], start)
            .report.str()
            .starts_with("minimize: not converged, unbounded: the value falls without end along a line; set "
                         "bounds, or look at the "
                         "sign; value -"));
}

TEST_CASE("minimize and newton_cg say what they cannot do") {
  const Tensor x = ones({2}, float64);
  const double nan = std::numeric_limits<double>::quiet_NaN();

  CHECK(said([&] { minimize([](const Tensor& t) { return t; }, x); }) ==
        "minimize: the function must return one number: it returned f64[2]");
  CHECK(said([&] { newton_cg([](const Tensor& t) { return sum(t).detach(); }, x); }) ==
        "newton_cg: the function must depend on x by recorded ops: it returned f64[]");
  CHECK(said([&] { minimize([&](const Tensor& t) { return sum(t) * nan; }, x); }) ==
        "minimize: the function must be finite at the start: element 0 is nan of f64[]; begin elsewhere");
  CHECK(said([&] { minimize(rosenbrock, x, {.lower = f64(2.0)}); }) ==
        "minimize: the start must lie in the bounds: element 0 is 1, outside [2, inf]; clamp it");
  CHECK(said([&] {
          minimize(rosenbrock, x, {.lower = f64({0.0, 3.0}), .upper = f64(2.0)});
        }) == "minimize: lower must not be above upper: element 1 is to be in [3, 2]");
  CHECK(said([&] {
          minimize(rosenbrock, x, {.upper = f64({1.0, 1.0, 1.0})});
        }) == "minimize: upper must broadcast to x: it is f64[3], x is f64[2]");
  CHECK(said([&] { minimize(rosenbrock, x, {.history_size = 0}); }) ==
        "minimize: history_size must be at least 1: got 0");
  CHECK(said([&] { newton_cg(rosenbrock, x, {.gtol = -1}); }) ==
        "newton_cg: gtol must be at least 0 and finite: got -1");
}
