// Control of a differential equation: the gradients of what it comes to by all controls, and the best ones.

#include <doctest/doctest.h>

#include <cmath>

#include "optim/net.hpp"
#include "xgrad/optim/minimize.hpp"
#include "xgrad/optim/odeint.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

/// Place and speed at time 1 of a body that starts at rest at 0, and is pushed by a force that is constant in
/// each of n intervals.
Tensor pushed(const Tensor& force, std::int64_t n) {
  const double h = 1 / static_cast<double>(n);
  Tensor y = zeros({2}, float64);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto f = [u = force[i]](const Tensor&, const Tensor& state) { return stack({state[1], u}); };
    const Tensor times =
        tensor({static_cast<double>(i) * h, static_cast<double>(i + 1) * h}, {.dtype = float64});
    y = optim::odeint(f, y, times, {.rtol = 1e-9, .atol = 1e-10, .first_step = h}).y[1];
  }
  return y;
}

std::int64_t nodes_of(std::int64_t n) {
  const Tensor force = ones({n}, float64).requires_grad_();
  const std::int64_t before = memory_stats().live_nodes;
  const Tensor y = pushed(force, n);
  return memory_stats().live_nodes - before;
}

}  // namespace

TEST_CASE("a body is brought to a place and to rest by the least force, through all steps of the solution") {
  constexpr std::int64_t n = 20;
  constexpr double h = 1.0 / n, weight = 1e3;
  const auto cost = [](const Tensor& force) {
    const Tensor end = pushed(force, n) - tensor({1.0, 0.0}, {.dtype = float64});
    return h * sum(square(force)) + weight * sum(square(end));
  };

  const auto found = optim::minimize(cost, zeros({n}, float64), {.gtol = 1e-7, .ftol = 0});

  // The end is (a u, c u) with a_i = h (1 - m_i), m_i the middle of an interval, and c_i = h: where the
  // gradient is 0, h u = -weight ((a u - 1) a + (c u) c).
  const Tensor middle = (arange(0, n, 1, {.dtype = float64}) + 0.5) * h;
  const Tensor a = h * (1 - middle), c = full({n}, h, {.dtype = float64}), s = stack({a, c});
  const Tensor system = eye(2, {.dtype = float64}) + weight / h * matmul(s, s.t());
  const Tensor miss = solve(system, tensor({{-1.0}, {0.0}}, {.dtype = float64}));  // a u - 1 and c u
  const Tensor force = -weight / h * matmul(s.t(), miss).reshape({n});
  CHECK(found.report);
  CHECK(max(abs(found.x - force)).item() < 1e-6);
  CHECK(found.x.at({0}) > 5);  // near 6 - 12 t
  CHECK(found.x.at({n - 1}) < -5);
}

TEST_CASE("the record of a control problem grows by as many nodes with each interval") {
  const std::int64_t few = nodes_of(10), more = nodes_of(20), most = nodes_of(40);

  CHECK(more > few);
  CHECK(most - more == 2 * (more - few));
}
