// odeint against closed forms, SciPy's DOP853 (tests/data/ode_reference.json) and differences.

#include "xgrad/optim/odeint.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

#include "optim/net.hpp"

using namespace xgrad;
using namespace xgrad::test;
using optim::odeint, optim::OdeOptions, optim::OdeSolution;

namespace {

Tensor f64(Nested values) { return tensor(std::move(values), {.dtype = float64}); }

Tensor oscillator(const Tensor&, const Tensor& y) { return stack({y[1], -y[0]}); }

double distance(const Tensor& a, const Tensor& b) { return max(abs(a - b)).item(); }

/// The error at 1 of one step after another of size h, which no tolerance stops.
double error_of_steps(double h) {
  const OdeOptions fixed{.rtol = 1e6, .atol = 1e6, .first_step = h, .max_step = h};
  const auto f = [](const Tensor& t, const Tensor& y) { return y * cos(t); };
  const OdeSolution s = odeint(f, f64({1.0}), f64({0.0, 1.0}), fixed);
  CHECK(s.report.nit == std::lround(1 / h));
  return std::abs(s.y[1].item() - std::exp(std::sin(1.0)));
}

}  // namespace

TEST_CASE("odeint solves linear equations to its tolerances, forwards and backwards") {
  const Tensor y0 = f64({1.0, 0.0});
  for (const double sign : {1.0, -1.0})
    for (const double rtol : {1e-4, 1e-8, 1e-12}) {
      const Tensor times = sign * linspace(0, 6, 13, {.dtype = float64});

      const OdeSolution s = odeint(oscillator, y0, times, {.rtol = rtol, .atol = rtol});

      REQUIRE(s.y.shape() == Shape{13, 2});
      CHECK(s.report.success());
      CHECK(distance(s.y, stack({cos(times), -sin(times)}, 1)) < 20 * rtol);
    }
}

TEST_CASE("odeint agrees with DOP853 on van der Pol's and on Lotka and Volterra's equations") {
  const auto all = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/ode_reference.json"));
  const auto van_der_pol = [](const Tensor&, const Tensor& y) {
    return stack({y[1], 5 * (1 - square(y[0])) * y[1] - y[0]});
  };
  const auto lotka_volterra = [](const Tensor&, const Tensor& y) {
    return stack({1.5 * y[0] - y[0] * y[1], -3 * y[1] + y[0] * y[1]});
  };
  const std::pair<const char*, optim::OdeFunction> equations[] = {{"van_der_pol", van_der_pol},
                                                                  {"lotka_volterra", lotka_volterra}};
  for (const auto& equation : equations) {
    const auto& expected = all.at(equation.first);
    const auto rows = expected["y"].get<std::vector<std::vector<double>>>();

    const OdeSolution s =
        odeint(equation.second, tensor(expected["y0"].get<std::vector<double>>()),
               tensor(expected["times"].get<std::vector<double>>()), {.rtol = 1e-11, .atol = 1e-12});

    CAPTURE(std::string(equation.first));
    for (std::size_t i = 0; i < rows.size(); ++i)
      CHECK(distance(s.y[static_cast<std::int64_t>(i)], tensor(rows[i])) < 2e-8);
  }
}

TEST_CASE("odeint is of order 5, and of order 4 between its steps") {
  CHECK(std::log2(error_of_steps(1.0 / 16) / error_of_steps(1.0 / 32)) == doctest::Approx(5).epsilon(0.05));

  const auto between = [](double h) {
    const OdeOptions fixed{.rtol = 1e6, .atol = 1e6, .first_step = h, .max_step = h, .dense_output = true};
    const OdeSolution s =
        odeint([](const Tensor&, const Tensor& y) { return y; }, f64({1.0}), f64({0.0, 1.0}), fixed);
    double most = 0;  // in the first step, whose start is exact
    for (int i = 1; i < 10; ++i)
      most = std::max(most, std::abs(s.at(h * i / 10).item() - std::exp(h * i / 10)));
    return most;
  };
  CHECK(std::log2(between(1.0 / 8) / between(1.0 / 16)) == doctest::Approx(5).epsilon(0.05));  // h^(4 + 1)
}

TEST_CASE("odeint keeps the dtype of y0, and t has it") {
  const auto f = [](const Tensor& t, const Tensor& y) {
    CHECK(t.dtype() == y.dtype());
    return -y * t;
  };

  const OdeSolution s = odeint(f, ones({2, 2}), f64({0.0, 1.0}));

  CHECK(s.y.dtype() == float32);
  CHECK(s.y[1].at({1, 1}) == doctest::Approx(std::exp(-0.5)).epsilon(1e-5));
}

TEST_CASE("a ball that bounces ends odeint at its times to ten digits") {
  const auto fall = [](const Tensor&, const Tensor& y) { return stack({y[1], -9.81 + 0 * y[0]}); };
  const OdeOptions options{
      .events = {
          {.g = [](const Tensor&, const Tensor& y) { return y[0]; }, .terminal = true, .direction = -1}}};
  Tensor y = f64({0.0, 10.0});
  double t = 0, expected = 0, speed = 10;
  for (int bounce = 0; bounce < 5; ++bounce) {
    const OdeSolution s = odeint(fall, y, f64({t, t + 100}), options);

    REQUIRE(s.events.size() == 1);
    CHECK(s.report.stop == optim::Stop::event);
    CHECK(s.y.shape() == Shape{1, 2});
    expected += 2 * speed / 9.81, speed *= 0.9;
    t = s.events[0].t.item();
    CHECK(std::abs(t - expected) < 1e-10);
    y = stack({0 * s.events[0].y[0], -0.9 * s.events[0].y[1]});
  }
}

TEST_CASE("events that do not end odeint are found each time, in their direction") {
  const auto zero = [](const Tensor&, const Tensor& y) { return y[0]; };
  const OdeSolution s =
      odeint(oscillator, f64({0.0, 1.0}), f64({0.0, 20.0}),
             {.rtol = 1e-11, .atol = 1e-11, .events = {{.g = zero}, {.g = zero, .direction = -1}}});

  std::vector<double> both, falling;
  for (const auto& e : s.events) (e.event == 0 ? both : falling).push_back(e.t.item());
  REQUIRE(both.size() == 6);
  REQUIRE(falling.size() == 3);
  for (int i = 0; i < 6; ++i)
    CHECK(std::abs(both[static_cast<std::size_t>(i)] - std::numbers::pi * (i + 1)) < 1e-9);
  for (int i = 0; i < 3; ++i)
    CHECK(std::abs(falling[static_cast<std::size_t>(i)] - std::numbers::pi * (2 * i + 1)) < 1e-9);
}

TEST_CASE("the time and the state of an event have gradients") {
  // From height h a ball falls for sqrt(2 h / g) and lands with -sqrt(2 g h).
  const auto landing = [](const Tensor& height, const Tensor& gravity) {
    const auto fall = [&](const Tensor&, const Tensor& y) { return stack({y[1], -gravity}); };
    const Tensor y0 = stack({height, 0 * height});
    const auto ground = [](const Tensor&, const Tensor& y) { return y[0]; };
    const OdeSolution s = odeint(fall, y0, f64({0.0, 10.0}), {.events = {{.g = ground, .terminal = true}}});
    return stack({s.events.at(0).t, s.events.at(0).y[1]});
  };
  const Tensor h = f64(20.0).requires_grad_(), g = f64(9.81).requires_grad_();

  const Tensor found = landing(h, g);

  CHECK(distance(found, stack({sqrt(2 * h / g), -sqrt(2 * h * g)})) < 1e-12);
  const auto slopes = grad(found[0], {h, g}, {.retain_graph = true});
  CHECK(slopes[0].item() == doctest::Approx(std::sqrt(1 / (2 * 20 * 9.81))).epsilon(1e-10));
  CHECK(slopes[1].item() == doctest::Approx(-0.5 * std::sqrt(2 * 20 / std::pow(9.81, 3))).epsilon(1e-10));
  CHECK(grad(found[1], {h})[0].item() == doctest::Approx(-std::sqrt(9.81 / 40)).epsilon(1e-10));
}

TEST_CASE("at gives the solution between the times, and says where it ends") {
  const OdeSolution s = odeint(oscillator, f64({1.0, 0.0}), f64({0.0, 5.0}), {.dense_output = true});

  for (const double t : {0.0, 0.1, 2.5, 4.999, 5.0})
    CHECK(s.at(t).at({0}) == doctest::Approx(std::cos(t)).epsilon(1e-6));
  CHECK(said([&] { s.at(5.1); }) == "OdeSolution.at: t must lie between 0 and 5: t = 5.1");
}

TEST_CASE("odeint says what it cannot do") {
  const Tensor y0 = f64({1.0}), times = f64({0.0, 1.0});
  const auto decay = [](const Tensor&, const Tensor& y) { return -y; };
  const auto blow_up = [](const Tensor&, const Tensor& y) { return square(y); };

  CHECK(said([&] {
          odeint(decay, y0, f64({0.0, 1.0, 1.0}));
        }) == "odeint: the times must be finite and rise or fall strictly: time 2 is 1");
  CHECK(said([&] {
          odeint(decay, y0, f64({{0.0, 1.0}}));
        }) == "odeint: the times must be a floating vector with elements: they are f64[1, 2]");
  CHECK(said([&] {
          odeint(decay, tensor({1, 2}), times);
        }) == "odeint: the start must be a floating tensor with elements: it is i64[2]");
  CHECK(said([&] { odeint([](const Tensor&, const Tensor& y) { return sum(y); }, y0, times); }) ==
        "odeint: f(t, y) must have the shape and dtype of y: f is f64[], y is f64[1]");
  CHECK(said([&] { odeint(decay, y0, times, {.rtol = 0}); }) ==
        "odeint: rtol must be above 0 and finite: got 0");
  CHECK(said([&] {
          odeint(oscillator, f64({1.0, 0.0}), f64({0.0, 100.0}), {.max_steps = 10});
        }).starts_with("odeint: max_steps = 10 steps reach t = "));
  CHECK(said([&] {
          odeint(blow_up, y0, f64({0.0, 2.0}));
        }).starts_with("odeint: the steps vanish at t = 1,"));
  CHECK(said([&] {
          odeint([](const Tensor& t, const Tensor& y) { return y / t; }, y0, times);
        }).starts_with("odeint: the function must be finite at the start: element 0 is inf"));
  CHECK(said([&] {
          odeint([](const Tensor& t, const Tensor& y) { return y * log(0.5 - t); }, y0, times);
        }).starts_with("odeint: the steps vanish at t = 0.5, where the error is nan"));
  const auto two = [](const Tensor&, const Tensor& y) { return stack({y, y}); };
  CHECK(said([&] { odeint(decay, y0, times, {.events = {{.g = two}}}); }) ==
        "odeint: an event must return one number: it returned f64[2, 1]");
}
