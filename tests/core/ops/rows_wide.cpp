// Several directions at once, as one tensor, beside one after the other: of the op, and of its gradients.

#include <doctest/doctest.h>

#include <cmath>
#include <optional>

#include "autodiff/forward.hpp"
#include "core/ops/rows_checks.hpp"

namespace xgrad::test {

namespace {

constexpr std::int64_t directions = 3;

/// Along each direction, for each output and then for each gradient: [directions, ...].
Tensors tangents_of(const Row& row, const Tensors& inputs, bool wide) {
  const detail::ForwardPass pass =
      wide ? detail::ForwardPass::wide(directions, false) : detail::ForwardPass(directions);
  Generator random(47);
  Tensors x = inputs, leaves;
  for (Tensor& t : x) {
    if (!is_floating(t.dtype())) continue;
    t = t.clone().requires_grad_();
    Shape shape = t.shape();
    shape.insert(0, directions);
    const Tensor v = randn(shape, {.dtype = t.dtype()}, random);
    pass.start(t, wide ? Tensors{v} : unbind(v));
    leaves.push_back(t);
  }
  Tensors y, w;
  for (const Tensor& t : row.run(x))
    if (t.requires_grad()) y.push_back(t), w.push_back(randn(t.shape(), {.dtype = t.dtype()}, random));
  if (y.empty()) return {};
  for (const Tensor& g : grad(y, leaves, w, {.allow_unused = true}))
    if (g.defined()) y.push_back(g);
  Tensors along;
  for (const Tensor& t : y) along.push_back(wide ? pass.tangents(t)[0] : stack(pass.tangents(t)));
  return along;
}

/// What a row says of itself where the two ways differ.
std::optional<std::string> fault(const Row& row, const Tensors& inputs) {
  try {
    const Tensors wide = tangents_of(row, inputs, true), single = tangents_of(row, inputs, false);
    for (std::size_t i = 0; i < single.size(); ++i)
      if (!(wide[i].shape() == single[i].shape()) || !allclose(wide[i], single[i], 1e-9, 1e-11))
        return row.name + ": tangent " + std::to_string(i) + " is " + wide[i].str() + ", one by one " +
               single[i].str();
  } catch (const Error& e) {
    return row.name + ": " + e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("several directions at once are those one by one, of every op and its gradients") {
  int rows = 0;
  std::string faults;
  each_row([&](const Row& row) {
    if (!differentiable(row)) return;
    std::vector<Shape> shapes;
    for (const Input& in : row.inputs) shapes.push_back(in.shape);
    ++rows;
    if (const auto found = fault(row, make_inputs(row, shapes))) faults += "\n" + *found;
  });

  CHECK(rows > 150);
  CHECK_MESSAGE(faults.empty(), faults);
}

}  // namespace xgrad::test
