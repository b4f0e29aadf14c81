// The rules for the cotangents of gradients, which only a derivative by the cotangent calls.

#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows_checks.hpp"

namespace xgrad::test {

void check_transpose(const Row& row, const Tensors& inputs, Faults& faults) {
  Tensors x = inputs, v, g, w;
  Generator random(41);
  for (Tensor& t : x)
    if (is_floating(t.dtype()))
      t = t.clone().requires_grad_(), v.push_back(randn(t.shape(), {.dtype = t.dtype()}, random));
  Tensors y;
  for (const Tensor& t : row.run(x))
    if (t.requires_grad()) {
      y.push_back(t), g.push_back(randn(t.shape(), {.dtype = t.dtype()}, random).requires_grad_());
      w.push_back(randn(t.shape(), {.dtype = t.dtype()}, random));
    }
  const GradOptions again{.create_graph = true, .allow_unused = true};
  const auto along = [](const Tensors& a, const Tensors& b) {
    Tensor total = zeros({}, {.dtype = float64});
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i].defined()) total = total + sum(a[i] * b[i]);
    return total;
  };
  const Tensors leaves = floating_of(x);
  const Tensor of_w = along(grad(y, leaves, w, again), v), of_g = along(grad(y, leaves, g, again), v);
  if (!of_g.requires_grad()) return;
  const double a = of_w.item(), b = along(grad(of_g, g, {.allow_unused = true}), w).item();
  if (!(std::abs(a - b) <= 1e-9 * (1 + std::abs(a))))
    faults.push_back("the derivative of its gradient by the cotangent is wrong: " + std::to_string(b) +
                     " instead of " + std::to_string(a));
}

namespace {

/// g -> 2 g, whose own rule forgets the 2.
Tensor twice(const Tensor& g) {
  static const CustomOp op = custom_op(
      "twice", [](NoState&, const Tensor& u) { return 2 * u; },
      [](const CustomCall<NoState>&, const Tensor& h) { return h; });
  return op(g);
}

}  // namespace

TEST_CASE("a wrong rule for the cotangent of a gradient is a fault") {
  const auto f = [](const Tensor& x) {
    static const CustomOp op = custom_op(
        "doubled", [](NoState&, const Tensor& u) { return 2 * u; },
        [](const CustomCall<NoState>&, const Tensor& g) { return twice(g); });
    return op(x);
  };

  CHECK(any_says(faults_of(row("doubled", Kind::smooth, {{{2, 3}}}, f)), "by the cotangent is wrong"));
}

}  // namespace xgrad::test
