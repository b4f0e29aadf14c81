#include "xgrad/core/creation.hpp"
#include "export/call.hpp"
#include "xgrad/core/tape.hpp"

// Tensors that are made of nothing.

namespace xgrad::onnx::detail {

namespace {

std::string filled(ExportedCall& c, double value) {
  Graph& g = c.graph;
  const NoGrad guard;
  return g.add("ConstantOfShape", {g.sizes(c.result_dims())},
               {{"value", full({1}, value, {.dtype = c.result_dtype()})}});
}
void zeros_of(ExportedCall& c) { c.give(filled(c, 0)); }
void ones_of(ExportedCall& c) { c.give(filled(c, 1)); }
void full_of(ExportedCall& c) { c.give(filled(c, c.real("number"))); }

void eye_of(ExportedCall& c) {
  Graph& g = c.graph;
  const NoGrad guard;
  const Dims dims = c.result_dims();
  if (!follows_batch(dims))
    return c.give(g.constant(eye(dims[0].size, dims[1].size, {.dtype = c.result_dtype()})));
  c.give(g.add("EyeLike", {filled(c, 0)}));
}

void arange_of(ExportedCall& c) {
  Graph& g = c.graph;
  const NoGrad guard;
  const DType t = c.result_dtype();
  const Dim n = c.result_dims()[0];
  const double start = c.real("start"), step = c.real("step");
  if (!n.by_batch) {
    // Its numbers as the op makes them.
    const auto end = t == int64 || t == boolean ? start + step * static_cast<double>(n.size) : c.real("end");
    const Tensor numbers = t == int64
                               ? arange(static_cast<std::int64_t>(start), static_cast<std::int64_t>(end),
                                        static_cast<std::int64_t>(step))
                               : arange(start, end, step, {.dtype = t});
    return c.give(g.constant(numbers));
  }
  const std::string end = g.add("Add", {g.number(start, t), g.add("Mul", {g.size(n, t), g.number(step, t)})});
  c.give(g.add("Range", {g.number(start, t), end, g.number(step, t)}));
}

void linspace_of(ExportedCall& c) {
  const NoGrad guard;
  const Dim n = c.result_dims()[0];
  if (n.by_batch)
    c.fail("its number of steps hangs on the size of the batch; save with {.dynamic_batch = false}");
  c.give(c.graph.constant(linspace(c.real("start"), c.real("end"), n.size, {.dtype = c.result_dtype()})));
}

}  // namespace

void add_creation(ExportTable& table) {
  table["zeros"] = zeros_of, table["ones"] = ones_of, table["full"] = full_of, table["eye"] = eye_of;
  table["arange"] = arange_of, table["linspace"] = linspace_of;
}

}  // namespace xgrad::onnx::detail
