#include "xgrad/core/creation.hpp"

#include "import/node.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"

// Tensors that are made of numbers.

namespace xgrad::onnx::detail {

namespace {

Tensors constant(const NodeCall& c) {
  if (const auto t = c.tensor("value")) return one(*t);
  if (c.has_attribute("value_float")) return one(full({}, c.real("value_float", 0), {.dtype = float32}));
  if (c.has_attribute("value_int")) return one(full({}, c.integer("value_int", 0), {.dtype = int64}));
  if (const auto list = c.list("value_ints")) return one(tensor(*list));
  if (const auto list = c.reals("value_floats")) return one(tensor(*list, {.dtype = float32}));
  c.fail("a constant must be a tensor or numbers; export the model without texts and sparse tensors");
}

Tensors constant_of_shape(const NodeCall& c) {
  const Tensor value = c.tensor("value").value_or(zeros({1}, float32));
  if (value.numel() != 1) c.fail("the value must be one number: it is " + value.describe());
  return one(expand(reshape(value, {}), Shape(c.numbers(0))));
}

Tensors range(const NodeCall& c) {
  const Tensor &start = c.x(0), &limit = c.x(1), &step = c.x(2);
  for (const Tensor* t : {&start, &limit, &step})
    if (t->numel() != 1) c.fail("needs three numbers: one is " + t->describe());
  if (start.dtype() == int64)
    return one(arange(start.item<std::int64_t>(), limit.item<std::int64_t>(), step.item<std::int64_t>(),
                      {.dtype = int64}));
  return one(arange(start.item(), limit.item(), step.item(), {.dtype = start.dtype()}));
}

Tensors eye_like(const NodeCall& c) {
  const Tensor& x = c.x(0);
  if (x.dim() != 2) c.fail("needs a matrix: x is " + x.describe());
  const auto k = static_cast<int>(c.integer("k", 0));
  const std::int64_t type = c.integer("dtype", 0);
  if (type != 0 && type != 1 && type != 6 && type != 7 && type != 11)
    c.fail("the dtype must be float, double or int64: it is number " + std::to_string(type) + " of ONNX");
  const DType dtype = type == 0 ? x.dtype() : type == 1 ? float32 : type == 11 ? float64 : int64;
  const Tensor all = ones(x.shape(), dtype);
  return one(triu(tril(all, k), k));
}

}  // namespace

void add_creation(ImportTable& t) {
  t["Constant"] = constant, t["ConstantOfShape"] = constant_of_shape, t["Range"] = range,
  t["EyeLike"] = eye_like;
}

}  // namespace xgrad::onnx::detail
