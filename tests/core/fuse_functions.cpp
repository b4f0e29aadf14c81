#include "xgrad/core/fuse.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "xgrad/core.hpp"

using namespace xgrad;

namespace {

/// Random numbers of both signs, away from 0 by `gap`.
Tensor signed_numbers(const Shape& shape, double gap, DType dtype = float64) {
  const Tensor x = randn(shape, {.dtype = dtype});
  return x + gap * sign(x);
}

Tensor positive_numbers(const Shape& shape) { return exp(randn(shape, {.dtype = float64})); }

/// f fused has the values and, to the second order, the gradients of the same ops one by one.
template <class F, class Ops>
void check_function(const char* name, F f, Ops ops, const Tensor& x) {
  INFO(name);
  const auto fused = [&](const Tensor& t) { return fuse(f, t); };
  CHECK(allclose(fused(x), ops(x), 1e-13, 1e-300));
  const auto result = gradcheck(fused, {x}, {.order = 2});
  INFO(result);
  CHECK(static_cast<bool>(result));

  Tensor a = x.clone().requires_grad_(), b = x.clone().requires_grad_();
  const Tensor weights = randn(x.shape(), {.dtype = float64});
  Tensor p = fused(a), q = ops(b);
  for (int order = 1; order <= 2; ++order) {
    INFO("order " << order);
    p = grad(sum(p * weights), {a}, {.create_graph = true, .allow_unused = true})[0];
    q = grad(sum(q * weights), {b}, {.create_graph = true, .allow_unused = true})[0];
    if (!q.defined() || !q.requires_grad()) break;
    CHECK(allclose(p, q, 1e-9, 1e-11));
  }
}

}  // namespace

#define FUNCTION(name, x) \
  check_function(         \
      #name, [](auto v) { return name(v); }, [](const Tensor& v) { return name(v); }, x)

TEST_CASE("functions of fused lambdas are the ops of the same names, twice differentiable") {
  manual_seed(3);
  const Tensor any = signed_numbers({19}, 0.1), positive = positive_numbers({19});
  FUNCTION(exp, any);
  FUNCTION(expm1, any);
  FUNCTION(log, positive);
  FUNCTION(log1p, positive);
  FUNCTION(sqrt, positive);
  FUNCTION(reciprocal, any);
  FUNCTION(sin, any);
  FUNCTION(cos, any);
  FUNCTION(tanh, any);
  FUNCTION(sigmoid, any);
  FUNCTION(softplus, any);
  FUNCTION(erf, any);
  FUNCTION(gelu, any);
  FUNCTION(abs, any);
  FUNCTION(sign, any);
  FUNCTION(relu, any);
  FUNCTION(square, any);
  FUNCTION(silu, any);
  FUNCTION(leaky_relu, any);
}

TEST_CASE("silu is 0 where its argument is -inf, and has no slope there") {
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor x = tensor({-inf, -1e300, 0., inf}, {.requires_grad = true});
  const Tensor y = fuse([](const auto& v) { return silu(v); }, x);
  y.backward(ones_like(y));

  CHECK(y.to_vector<double>() == std::vector<double>{0, 0, 0, inf});
  CHECK(x.grad().to_vector<double>()[0] == 0);
  CHECK(x.grad().to_vector<double>()[2] == 0.5);
}

TEST_CASE("powers, quotients and constants") {
  manual_seed(4);
  const Tensor x = positive_numbers({9});
  const auto both = [&](const char* name, auto f) { check_function(name, f, f, x); };
  both("x^2.5", [](const auto& v) { return pow(v, 2.5); });
  both("x^0", [](const auto& v) { return pow(v, 0) * v; });
  both("x^3 of int", [](const auto& v) { return pow(v, 3); });
  both("constants on both sides", [](const auto& v) { return 2 / (1 + v) - (3 - v) / 7 + (v - 1) * 2; });
  both("negation", [](const auto& v) { return -v * v + -(v + 1.5f); });
  both("clamp", [](const auto& v) { return clamp(v, 0.5, 2.0) * v; });
  both("where", [](const auto& v) { return where(v > 1, v * v, log(v)) + where(v <= 2, 0.5, v); });
}
