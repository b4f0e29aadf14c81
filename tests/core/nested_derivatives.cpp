// Derivatives of derivatives, and of long programs: their values against closed forms, their cost in nodes
// and in calls.

#include <doctest/doctest.h>

#include <cmath>

#include <xgrad/core.hpp>

using namespace xgrad;

namespace {

struct Cost {
  std::int64_t nodes = 0, calls = 0;
};

/// What `steps` of gradient descent on a x^2 / 2 cost, recorded, and their derivative by the rate.
Cost cost_of_unrolling(int steps) {
  const Tensor a = tensor({1.0, 0.5}, {.dtype = float64}), start = tensor({3.0, -2.0}, {.dtype = float64});
  const Tensor rate = full({}, 1e-3, {.dtype = float64, .requires_grad = true});
  const std::int64_t before = memory_stats().live_nodes;
  Profile profile({.most_events = 0});
  Tensor x = start.clone().requires_grad_();
  for (int k = 0; k < steps; ++k) x = x - rate * grad(sum(a * square(x)) / 2, {x}, {.create_graph = true})[0];
  const std::int64_t nodes = memory_stats().live_nodes - before;
  const Tensor slope = grad(sum(x), {rate})[0];
  profile.stop();

  double expected = 0;  // x_k = (1 - rate a)^k x_0
  for (std::int64_t i = 0; i < 2; ++i)
    expected -= steps * a.at({i}) * std::pow(1 - 1e-3 * a.at({i}), steps - 1) * start.at({i});
  CHECK(slope.item() == doctest::Approx(expected).epsilon(1e-11));
  Cost cost{nodes, 0};
  for (const auto& op : profile.ops()) cost.calls += op.calls;
  return cost;
}

}  // namespace

TEST_CASE("an optimizer that is unrolled for 1,000 steps costs 1,000 times a step") {
  const Cost quarter = cost_of_unrolling(250), half = cost_of_unrolling(500), whole = cost_of_unrolling(1000);

  CHECK(half.nodes > quarter.nodes);
  CHECK(whole.nodes - half.nodes == 2 * (half.nodes - quarter.nodes));
  CHECK(half.calls > quarter.calls);
  CHECK(whole.calls - half.calls == 2 * (half.calls - quarter.calls));
}

TEST_CASE("third derivatives by forward, reverse and forward mode, in any order") {
  Generator random(5);
  const Tensor a = randn({6, 4}, {.dtype = float64}, random) / 2, x = randn({4}, {.dtype = float64}, random),
               v = randn({4}, {.dtype = float64}, random);
  const auto f = [&](const Tensor& t) { return sum(exp(matmul(a, t))); };
  const Tensor s = mv(a, v), expected = mv(a.t(), square(s) * exp(mv(a, x)));  // d/dx of v^T H v

  const auto slope = [&](const Tensor& t) { return jvp(f, t, v, {.create_graph = true}).second; };
  const auto curvature = [&](const Tensor& t) { return jvp(slope, t, v, {.create_graph = true}).second; };
  const auto gradient_of_slope = [&](const Tensor& t) {
    return vjp(slope, t, ones({}, float64), {.create_graph = true}).second;
  };
  const Tensor forward_reverse_forward = jvp(gradient_of_slope, x, v).second,
               reverse_forward_forward = value_and_grad(curvature, x).second,
               forward_forward_reverse =
                   jvp([&](const Tensor&t) { return hvp(f, t, v).second; }, x, v).second;

  for (const Tensor& t : {forward_reverse_forward, reverse_forward_forward, forward_forward_reverse})
    CHECK(allclose(t, expected, 1e-12, 1e-13));
  CHECK(dot(forward_reverse_forward, v).item() ==
        doctest::Approx(sum(pow(s, 3) * exp(mv(a, x))).item()).epsilon(1e-9));
}

TEST_CASE("a Hessian and a dense Jacobian call the function once for all directions that fit") {
  int calls = 0;
  const auto f = [&](const Tensor& x) { return ++calls, sum(pow(x, 3)); };
  const auto g = [&](const Tensor& x) { return ++calls, pow(x, 2) * sum(x); };
  const Tensor x = linspace(1, 2, 100, {.dtype = float64});

  const Tensor h = hessian(f, x);
  CHECK(std::exchange(calls, 0) == 1);
  const Tensor j = jacobian(g, x);

  CHECK(calls == 2);  // the first says how many outputs there are
  CHECK(allclose(h, diag(6 * x), 1e-13, 1e-13));
  CHECK(allclose(j, diag(2 * x * sum(x)) + pow(x, 2).unsqueeze(1), 1e-12, 1e-12));
}

TEST_CASE("derivatives of functions that take derivatives themselves") {
  const auto slope = [](const Tensor& x) { return grad(sum(pow(x, 3)), {x}, {.create_graph = true})[0]; };
  const Tensor x = tensor({1.0, 2.0, 3.0}, {.dtype = float64});

  CHECK(allclose(jacobian(slope, x), diag(6 * x), 1e-13, 1e-13));
}

TEST_CASE("a matrix that no memory holds is refused before it is computed") {
  const Tensor x = zeros({70'000}, float64);
  const std::string rest = ", independent_rows, or products by jvp, vjp and hvp";

  CHECK_THROWS_WITH_AS(
      jacobian([](const Tensor& t) { return t * 2; }, x),
      ("jacobian: the result is too large: 70000 x 70000 elements, of 4294967296 that it may have; "
       "take sparse_jacobian" +
       rest)
          .c_str(),
      Error);
  CHECK_THROWS_WITH_AS(
      hessian([](const Tensor& t) { return sum(t * t); }, x),
      ("hessian: the result is too large: 70000 x 70000 elements, of 4294967296 that it may have; "
       "take sparse_hessian" +
       rest)
          .c_str(),
      Error);
}
