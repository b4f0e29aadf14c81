#include <string>

#include "fuse/fuse_passes.hpp"
#include "tensor/errors.hpp"
#include "tensor/few.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/creation.hpp"

// What does not depend on the lambda.

namespace xgrad::detail::fusing {
namespace {

using Operands = std::span<const Tensor* const>;

/// The shape that the operands broadcast to. Throws Error unless all have one floating dtype and broadcast.
Shape check_operands(Operands x) {
  Shape shape = x[0]->shape("fuse");
  for (const Tensor* t : x) {
    if (!is_floating(t->dtype("fuse")) || t->dtype() != x[0]->dtype()) {
      std::string all = x[0]->describe();
      for (const Tensor* more : x.subspan(1)) all += ", " + more->describe();
      fail("fuse", "the operands are " + all + "; they need one floating dtype: convert them by .to(dtype)");
    }
    shape = broadcast_shapes("fuse", shape, t->shape(), name_of(t->dtype()), name_of(t->dtype()));
  }
  return shape;
}

const Fused& fused_of(Fn fn) { return *static_cast<const FusedOp*>(fn.node()->op)->fused; }

/// dx_k = g df/dx_k for the wanted k, recorded as one op.
void gradients(const Fused& fused, Attributes a, const Tensor& g, Operands x, std::span<Tensor> dx) {
  Shape shape = g.shape();
  for (const Tensor* t : x) shape = broadcast_shapes("fuse", shape, t->shape());
  for (std::size_t k = 0; k < x.size(); ++k)
    if (a.wanted >> k & 1) dx[k] = new_tensor(x[k]->shape(), x[k]->dtype());
  if (g.dtype() == float32)
    run_gradients(fused.f32, a.captured, shape, g, x, a.wanted, dx);
  else
    run_gradients(fused.f64, a.captured, shape, g, x, a.wanted, dx);

  Few<Tensor, most> given;
  for (std::size_t k = 0; k < x.size(); ++k)
    if (a.wanted >> k & 1) given.add(std::move(dx[k]));
  Few<Ref, most + 1> inputs;
  inputs.add(g);
  for (const Tensor* t : x) inputs.add(*t);
  record_outputs(fused.vjp, inputs.all(), given.all(), a);
  std::size_t count = 0;
  for (std::size_t k = 0; k < x.size(); ++k)
    if (a.wanted >> k & 1) dx[k] = std::move(given[count++]);
}

/// The first n inputs of a call, and which of them want gradients.
unsigned read_inputs(Fn fn, std::size_t n, std::span<Tensor> values) {
  unsigned wanted = 0;
  for (std::size_t i = 0; i < n; ++i) {
    values[i] = fn.x(static_cast<int>(i));
    if (fn.wants(static_cast<int>(i))) wanted |= 1u << i;
  }
  return wanted;
}

Operands pointers(std::span<const Tensor> values, std::array<const Tensor*, most>& to) {
  for (std::size_t i = 0; i < values.size(); ++i) to[i] = &values[i];
  return {to.data(), values.size()};
}

}  // namespace

void rule(std::span<const Tensor> g, Fn fn, std::span<Tensor> dx) {
  const Fused& fused = fused_of(fn);
  Few<Tensor, most> values(fused.operands);
  std::array<const Tensor*, most> x;
  auto a = fn.attributes<Attributes>();
  a.wanted = read_inputs(fn, fused.operands, values.all());
  gradients(fused, a, g[0], pointers(values.all(), x), dx);
}

/// The gradients of `gradients`: those of the inputs (g, x...), from the cotangents of those that it gave.
void second_rule(std::span<const Tensor> given, Fn fn, std::span<Tensor> dx) {
  const Fused& fused = fused_of(fn);
  if (!fused.directional)
    fail("fuse", "third derivatives are not generated; write the function from ops where they are needed");
  const std::size_t n = fused.operands;
  Few<Tensor, most> values(2 * n + 1), d(2 * n + 1);
  std::array<const Tensor*, most> x;
  auto a = fn.attributes<Attributes>();
  const unsigned outputs = std::exchange(a.wanted, read_inputs(fn, n + 1, values.all()));
  const TensorOptions like{.dtype = values[0].dtype()};
  std::size_t next = 0;
  for (std::size_t k = 0; k < n; ++k) {
    Tensor& c = values[n + 1 + k];
    if (outputs >> k & 1) c = given[next++];
    if (!c.defined()) c = zeros({}, like);
  }
  gradients(*fused.directional, a, ones({}, like), pointers(values.all(), x), d.all());
  for (std::size_t i = 0; i <= n; ++i) dx[i] = std::move(d[i]);
}

Tensor apply(const Fused& fused, const Attributes& attributes, Operands x) {
  Tensor y = new_tensor(check_operands(x), x[0]->dtype());
  if (y.dtype() == float32)
    run_values(fused.f32, attributes.captured, x, y);
  else
    run_values(fused.f64, attributes.captured, x, y);
  Few<Ref, most_operands> inputs;
  for (const Tensor* t : x) inputs.add(*t);
  return record(fused.op, inputs.all(), std::move(y), attributes);
}

}  // namespace xgrad::detail::fusing
