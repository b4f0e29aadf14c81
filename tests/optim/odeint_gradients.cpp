// Gradients through odeint: against closed forms, and the adjoint equation against backprop.

#include <doctest/doctest.h>

#include <cmath>

#include "optim/net.hpp"
#include "xgrad/optim/odeint.hpp"

using namespace xgrad;
using namespace xgrad::test;
using optim::odeint, optim::OdeOptions, optim::OdeSolution;

namespace {

Tensor leaf(Nested values) { return tensor(std::move(values), {.dtype = float64, .requires_grad = true}); }

double distance(const Tensor& a, const Tensor& b) { return max(abs(a - b)).item(); }

/// Lotka and Volterra's equations with their four parameters.
struct Prey {
  Tensor p = leaf({1.5, 1.0, 3.0, 1.0}), y0 = leaf({10.0, 5.0});

  /// A number that depends on the solution at several times.
  Tensor score(const OdeOptions& options) const {
    const auto f = [p = p](const Tensor&, const Tensor& y) {
      return stack({p[0] * y[0] - p[1] * y[0] * y[1], p[3] * y[0] * y[1] - p[2] * y[1]});
    };
    const OdeSolution s = odeint(f, y0, linspace(0, 2, 5, {.dtype = float64}), options);
    return sum(sin(s.y) * arange(1, 11, 1, {.dtype = float64}).reshape({5, 2}));
  }
  OdeOptions adjoint() const { return {.rtol = 1e-11, .atol = 1e-12, .adjoint = true, .parameters = {p}}; }
};

/// The nodes of the record of n steps.
std::int64_t nodes_of(int n, bool adjoint) {
  const Tensor k = leaf(0.5), y0 = leaf({1.0, 2.0});
  const auto before = memory_stats().live_nodes;
  const OdeSolution s = odeint([=](const Tensor&, const Tensor& y) { return -k * y; }, y0,
                               tensor({0.0, 1.0}, {.dtype = float64}),
                               {.rtol = 1e6,
                                .atol = 1e6,
                                .first_step = 1.0 / n,
                                .max_step = 1.0 / n,
                                .adjoint = adjoint,
                                .parameters = {k}});
  CHECK(s.report.nit == n);
  return memory_stats().live_nodes - before;
}

}  // namespace

TEST_CASE("gradients through odeint are those of the closed form, to second order, both ways") {
  for (const bool adjoint : {false, true}) {
    const Tensor k = leaf(0.7), y0 = leaf({2.0});
    const OdeSolution s = odeint([=](const Tensor&, const Tensor& y) { return -k * y; }, y0,
                                 tensor({0.0, 1.0, 3.0}, {.dtype = float64}),
                                 {.rtol = 1e-12, .atol = 1e-13, .adjoint = adjoint, .parameters = {k}});
    CAPTURE(adjoint);

    const auto first = grad(s.y[2][0], {k, y0}, {.create_graph = true});

    const double left = std::exp(-2.1);
    CHECK(first[0].item() == doctest::Approx(-6 * left).epsilon(1e-9));
    CHECK(first[1].item() == doctest::Approx(left).epsilon(1e-9));
    const auto second = grad(first[0], {k, y0});
    CHECK(second[0].item() == doctest::Approx(18 * left).epsilon(1e-9));
    CHECK(second[1].item() == doctest::Approx(-3 * left).epsilon(1e-9));
  }
}

TEST_CASE("the adjoint's gradients agree with backprop's to the tolerance") {
  const Prey prey;
  OdeOptions steps = prey.adjoint();
  steps.adjoint = false;
  const auto expected = grad(prey.score(steps), {prey.p, prey.y0}, {.create_graph = true});

  const auto found = grad(prey.score(prey.adjoint()), {prey.p, prey.y0}, {.create_graph = true});

  for (std::size_t i = 0; i < 2; ++i) CHECK(distance(found[i], expected[i]) < 1e-7);
  CHECK(max(abs(expected[0])).item() > 10);
  const auto again = grad(sum(square(found[0])), {prey.p, prey.y0});
  const auto second = grad(sum(square(expected[0])), {prey.p, prey.y0});
  for (std::size_t i = 0; i < 2; ++i)
    CHECK(distance(again[i], second[i]) < 1e-7 * max(abs(second[i])).item());
}

TEST_CASE("the adjoint reads the weights of a model") {
  const Net field;  // 3 to 4 to 2
  const Tensor y0 = tensor({0.3, -0.2});
  const auto f = [&](const Tensor& t, const Tensor& y) { return field(cat({y, t.reshape({1})})); };
  const Tensor times = tensor({0.0, 1.0});
  const auto weights = field.parameters();

  const auto expected = grad(sum(odeint(f, y0, times).y[1]), weights);
  const auto found = grad(sum(odeint(f, y0, times, {.adjoint = true, .parameters = weights}).y[1]), weights);

  for (std::size_t i = 0; i < weights.size(); ++i) CHECK(distance(found[i], expected[i]) < 1e-4);
}

TEST_CASE("gradients by the times are the right sides there") {
  const Tensor times = leaf({0.5, 1.0, 1.7});
  const auto f = [](const Tensor& t, const Tensor& y) { return y * cos(t); };  // y = exp(sin t - sin t0)
  const OdeSolution s = odeint(f, tensor({1.0}, {.dtype = float64}), times, {.rtol = 1e-11, .atol = 1e-12});

  const Tensor by_middle = grad(sum(s.y[1]), {times}, {.retain_graph = true})[0];
  const Tensor by_last = grad(sum(s.y[2]), {times})[0];

  const auto y = [](double t) { return std::exp(std::sin(t) - std::sin(0.5)); };
  CHECK(distance(by_middle, tensor({-std::cos(0.5) * y(1), std::cos(1.0) * y(1), 0.0}, {.dtype = float64})) <
        1e-7);
  CHECK(distance(by_last,
                 tensor({-std::cos(0.5) * y(1.7), 0.0, std::cos(1.7) * y(1.7)}, {.dtype = float64})) < 1e-7);
}

TEST_CASE("the record of odeint grows by as many nodes with each step, and not at all with the adjoint") {
  const auto few = nodes_of(10, false), more = nodes_of(20, false), most = nodes_of(40, false);

  CHECK(more - few > 0);
  CHECK(most - more == 2 * (more - few));
  CHECK(nodes_of(10, true) == nodes_of(40, true));
}

TEST_CASE("the adjoint says what it needs") {
  const Tensor k = leaf(0.5), other = leaf(1.0), y0 = leaf({1.0}),
               times = tensor({0.0, 1.0}, {.dtype = float64});
  const auto f = [=](const Tensor&, const Tensor& y) { return -k * other * y; };
  const auto g = [](const Tensor&, const Tensor& y) { return y; };

  CHECK(said([&] { odeint(f, y0, times, {.adjoint = true, .parameters = {k}}); }) ==
        "odeint: f reads a tensor that requires a gradient and is not among the parameters of the adjoint; "
        "name "
        "it in .parameters, or read its detach()");
  CHECK(said([&] {
          odeint(f, y0, times, {.events = {{.g = g}}, .adjoint = true, .parameters = {k, other}});
        }) ==
        "odeint: events and dense_output need the steps, which the adjoint does not keep; use .adjoint = "
        "false");
  CHECK(said([&] {
          odeint(f, y0, leaf({0.0, 1.0}), {.adjoint = true, .parameters = {k, other}});
        }) == "odeint: gradients by times need .adjoint = false: times are f64[2]; or give their detach()");
}

TEST_CASE("the adjoint refuses parameters that have changed since") {
  Tensor k = leaf(0.5);
  const Tensor y0 = leaf({1.0}), times = tensor({0.0, 1.0}, {.dtype = float64});
  const OdeSolution s = odeint([=](const Tensor&, const Tensor& y) { return -k * y; }, y0, times,
                               {.adjoint = true, .parameters = {k}});
  {
    const NoGrad guard;
    k.fill_(3);
  }

  CHECK(said([&] { sum(s.y).backward(); }).find("changed") != std::string::npos);
}

TEST_CASE("the adjoint says what helps where the solution runs away backwards") {
  const Tensor p =
      leaf(1.0);  // y = tanh(t + 2) comes from all starts in (-1, inf), and tanh leads back to none
  const OdeSolution s =
      odeint([=](const Tensor&, const Tensor& y) { return p * (1 - square(y)) * 8; }, leaf({2.0}),
             tensor({0.0, 30.0}, {.dtype = float64}), {.adjoint = true, .parameters = {p}});

  const std::string message = said([&] { sum(s.y).backward(); });

  CAPTURE(message);
  CHECK(message.starts_with("odeint: "));
  CHECK(message.ends_with("give more times, or use .adjoint = false"));
}
