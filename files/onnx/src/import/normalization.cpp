#include "xgrad/core/ops/normalization.hpp"

#include "import/node.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

// Normalisation, and what only training does.

namespace xgrad::onnx::detail {

namespace {

Tensors batch(const NodeCall& c) {
  if (c.integer("training_mode", 0) != 0 || c.wants(1))
    c.fail("it is in training mode; export the model for inference");
  return one(
      batch_norm(c.x(0), c.x(3).detach(), c.x(4).detach(), c.x(1), c.x(2), {.eps = c.real("epsilon", 1e-5)}));
}
Tensors instance(const NodeCall& c) {
  return one(instance_norm(c.x(0), c.x(1), c.x(2), c.real("epsilon", 1e-5)));
}

Tensors layer(const NodeCall& c) {
  const Tensor& x = c.x(0);
  const double eps = c.real("epsilon", 1e-5);
  const int axis = c.axis("axis", -1, x.dim());
  Shape last;
  std::vector<int> axes;
  for (int i = axis; i < x.dim(); ++i) last.push_back(x.size(i)), axes.push_back(i);
  const auto fits = [&](std::size_t i) { return !c.has(i) || c.x(i).shape() == last; };
  Tensors all;
  if (fits(1) && fits(2)) {
    all.push_back(layer_norm(x, last, c.optional(1), c.optional(2), eps));
  } else {
    Tensor y = layer_norm(x, last, {}, {}, eps);
    if (c.has(1)) y = mul(y, c.x(1));
    all.push_back(c.has(2) ? add(y, c.x(2)) : y);
  }
  if (c.wants(1) || c.wants(2)) {
    const Tensor centre = mean(x, Axes(axes), true);
    all.push_back(centre), all.push_back(rsqrt(add(var(x, Axes(axes), 0, true), eps)));
  }
  return all;
}

/// (x - mean) / deviation over some axes.
Tensors mean_variance(const NodeCall& c) {
  const Tensor& x = c.x(0);
  std::vector<int> axes;
  for (std::int64_t axis : c.list("axes").value_or(Integers{0, 2, 3}))
    axes.push_back(c.axis_of(axis, x.dim()));
  const Tensor far = sub(x, mean(x, Axes(axes), true));
  return one(div(far, add(sqrt(mean(square(far), Axes(axes), true)), 1e-9)));
}

Tensors norm_along(const NodeCall& c) {
  const Tensor& x = c.x(0);
  return one(normalize(x, static_cast<double>(c.integer("p", 2)), c.axis("axis", -1, x.dim()), 0));
}

/// Nothing is dropped outside of training.
Tensors drop(const NodeCall& c) {
  if (c.has(2) && c.x(2).item() != 0) c.fail("it is in training mode; export the model for inference");
  Tensors all = one(c.x(0));
  if (c.wants(1)) all.push_back(ones(c.x(0).shape(), boolean));
  return all;
}

}  // namespace

void add_normalization(ImportTable& t) {
  t["BatchNormalization"] = batch, t["InstanceNormalization"] = instance, t["LayerNormalization"] = layer;
  t["MeanVarianceNormalization"] = mean_variance, t["LpNormalization"] = norm_along, t["Dropout"] = drop;
}

}  // namespace xgrad::onnx::detail
