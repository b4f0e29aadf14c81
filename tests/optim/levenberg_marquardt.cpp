// levenberg_marquardt on the problems of Moré, Garbow and Hillstrom, 1981, and what it says.

#include "xgrad/optim/levenberg_marquardt.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "optim/more_garbow_hillstrom.hpp"
#include "optim/net.hpp"

using namespace xgrad;
using namespace xgrad::test;
using optim::levenberg_marquardt;

TEST_CASE("levenberg_marquardt ends at the minima of Moré, Garbow and Hillstrom") {
  REQUIRE(squares_problems().size() == 31);
  for (const SquaresProblem& problem : squares_problems()) {
    const auto found = levenberg_marquardt(problem.residuals, tensor(problem.start));

    INFO(problem.name << ": " << found.report.str());
    CHECK(found.report.success());
    CHECK(ends_well(problem, found.sum_of_squares, 1e-20));
    CHECK(found.sum_of_squares ==
          doctest::Approx(sum(square(problem.residuals(found.x))).item()).epsilon(1e-12));
  }
}

TEST_CASE("levenberg_marquardt gives the covariance of a linear regression") {
  // y = a + b x: the errors of a and b are known in closed form.
  const Tensor x = tensor({0.0, 1.0, 2.0, 3.0, 4.0}, {.dtype = float64}),
               y = tensor({1.1, 2.9, 5.2, 6.8, 9.1}, {.dtype = float64});

  const auto found =
      levenberg_marquardt([&](const Tensor& p) { return p[0] + p[1] * x - y; }, zeros({2}, float64));

  const double slope = 1.99, start = 5.02 - 2 * slope;  // by sums, with mean x = 2 and mean y = 5.02
  const double rest = sum(square(start + slope * x - y)).item() / 3;
  CHECK(found.x.at({0}) == doctest::Approx(start).epsilon(1e-12));
  CHECK(found.x.at({1}) == doctest::Approx(slope).epsilon(1e-12));
  CHECK(found.rank == 2);
  CHECK(found.standard_deviation == doctest::Approx(std::sqrt(rest)).epsilon(1e-12));
  CHECK(found.standard_errors.at({0}) ==
        doctest::Approx(std::sqrt(rest * (1.0 / 5 + 4.0 / 10))).epsilon(1e-12));
  CHECK(found.standard_errors.at({1}) == doctest::Approx(std::sqrt(rest / 10)).epsilon(1e-12));
  CHECK(found.covariance.at({0, 1}) == doctest::Approx(-2 * rest / 10).epsilon(1e-12));
}

TEST_CASE("levenberg_marquardt works in float32, on any shape, and leaves its start as it was") {
  const Tensor start = tensor({{-1.2, 1.0}}), before = start.clone();

  const auto found = levenberg_marquardt(
      [](const Tensor& x) {
        return problems::rosenbrock(x.reshape({2})).reshape({2, 1});
      },
      start);

  CHECK(found.x.dtype() == float32);
  CHECK(found.x.shape() == Shape{1, 2});
  CHECK(found.residuals.shape() == Shape{2, 1});
  CHECK(max(abs(found.x - 1)).item() < 1e-5);
  CHECK(start.to_vector<float>() == before.to_vector<float>());
  CHECK_FALSE(start.requires_grad());
  CHECK_FALSE(found.x.requires_grad());
}

TEST_CASE("residuals that are nan beyond a place make levenberg_marquardt take shorter steps") {
  const auto residuals = [](const Tensor& x) {
    return log(x) + 3;
  };  // nan below 0; the first step goes there

  const auto found = levenberg_marquardt(residuals, tensor({1.0}, {.dtype = float64}));

  CHECK(found.report.success());
  CHECK(found.x.item() == doctest::Approx(std::exp(-3)).epsilon(1e-10));
}

TEST_CASE("a Jacobian without full rank does levenberg_marquardt no harm, and the errors are inf") {
  const auto residuals = [](const Tensor& x) {
    return stack({x[0] + x[1] - 2, 2 * (x[0] + x[1]) - 4, 0 * x[0] + 1});
  };

  const auto found = levenberg_marquardt(residuals, tensor({5.0, -1.0}, {.dtype = float64}));

  CHECK(found.report.success());
  CHECK(found.rank == 1);
  CHECK(sum(found.x).item() == doctest::Approx(2).epsilon(1e-10));
  CHECK(std::isinf(found.standard_errors.at({0})));
}

TEST_CASE("levenberg_marquardt says why it stopped") {
  const Tensor start = tensor({-1.2, 1.0}, {.dtype = float64});

  const auto few = levenberg_marquardt(problems::rosenbrock, start, {.max_iter = 3});
  const auto fewer = levenberg_marquardt(problems::rosenbrock, start, {.max_eval = 5});
  const auto there = levenberg_marquardt(problems::rosenbrock, ones({2}, float64));

  CHECK(few.report.stop == optim::Stop::max_iter);
  CHECK_FALSE(few.report);
  CHECK(fewer.report.stop == optim::Stop::max_eval);
  CHECK(fewer.report.nfev == 5);
  CHECK(there.report.stop == optim::Stop::gtol);
  std::ostringstream text;
  text << there.report;
  CHECK(
      text.str() ==
      "levenberg_marquardt: converged, gtol: the gradient is small enough; value 0, 1 values, 2 derivatives");
}

TEST_CASE("levenberg_marquardt says what it cannot do") {
  const Tensor x = ones({2}, float64);
  const double nan = std::numeric_limits<double>::quiet_NaN();

  CHECK(said([&] {
          levenberg_marquardt(problems::rosenbrock, tensor({1, 2}));
        }) == "levenberg_marquardt: the start must be a floating tensor with elements: it is i64[2]");
  CHECK(said([&] { levenberg_marquardt(problems::rosenbrock, full({2}, nan, float64)); }) ==
        "levenberg_marquardt: the start must be finite: it holds nan or inf: f64[2]");
  CHECK(said([&] { levenberg_marquardt([](const Tensor& p) { return log(p - 2); }, x); }) ==
        "levenberg_marquardt: the function must be finite at the start: element 0 is nan of f64[2]; begin "
        "elsewhere");
  CHECK(said([&] { levenberg_marquardt([](const Tensor& p) { return p.detach(); }, x); }) ==
        "levenberg_marquardt: the residuals must depend on x by recorded ops: they are f64[2]");
  CHECK(said([&] { levenberg_marquardt([](const Tensor& p) { return p > 0; }, x); }) ==
        "levenberg_marquardt: the function must return a floating tensor: it returned bool[2]");
  CHECK(said([&] {
          levenberg_marquardt([](const Tensor& p) { return std::vector<Tensor>{p, p}; }, x);
        }) == "levenberg_marquardt: the function must return one tensor: it returned 2");
  CHECK(
      said([&] { levenberg_marquardt([](const Tensor& p) { return p.at({0}) == 1 ? p : sum(p - 3); }, x); })
          .starts_with(
              "levenberg_marquardt: the residuals must keep their shape: they were f64[2] and became f64[]"));
  CHECK(said([&] { levenberg_marquardt(problems::rosenbrock, x, {.ftol = -1}); }) ==
        "levenberg_marquardt: ftol must be at least 0 and finite: got -1");
  CHECK(said([&] { levenberg_marquardt(problems::rosenbrock, x, {.max_iter = 0}); }) ==
        "levenberg_marquardt: max_iter must be at least 1: got 0");
}
