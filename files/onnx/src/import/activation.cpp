#include "xgrad/core/ops/activation.hpp"

#include "import/node.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

// Activations.

namespace xgrad::onnx::detail {

namespace {

template <Tensor (*f)(const Tensor&)>
Tensors unary(const NodeCall& c) {
  return one(f(c.x(0)));
}

Tensors leaky(const NodeCall& c) { return one(leaky_relu(c.x(0), c.real("alpha", 0.01))); }
Tensors sloped(const NodeCall& c) {
  const Tensor& x = c.x(0);
  Tensor slope = c.x(1);
  if (c.opset() < 7 && x.dim() > 1 && slope.numel() == x.size(1)) {  // one for each channel
    Shape shape = Shape::filled(x.dim() - 1, 1);
    shape[0] = slope.numel();
    slope = reshape(slope, shape);
  }
  return one(where(ge(x, 0), x, mul(x, slope)));
}
Tensors exponential(const NodeCall& c) { return one(elu(c.x(0), c.real("alpha", 1))); }
Tensors scaled_exponential(const NodeCall& c) {
  const double alpha = c.real("alpha", 1.67326319217681884765625),
               gamma = c.real("gamma", 1.05070102214813232421875);
  return one(mul(elu(c.x(0), alpha), gamma));
}
Tensors continuous_exponential(const NodeCall& c) { return one(celu(c.x(0), c.real("alpha", 1))); }

Tensors hard_sigmoid(const NodeCall& c) {
  const double slope = c.real("alpha", 0.2), at_0 = c.real("beta", 0.5);
  return one(clamp(add(mul(c.x(0), slope), at_0), 0, 1));
}

Tensors shrink(const NodeCall& c) {
  const double lambda = c.real("lambd", 0.5), bias = c.real("bias", 0);
  const Tensor& x = c.x(0);
  return one(where(lt(x, -lambda), add(x, bias), where(gt(x, lambda), sub(x, bias), 0.0)));
}

Tensors thresholded(const NodeCall& c) { return one(where(gt(c.x(0), c.real("alpha", 1)), c.x(0), 0)); }
Tensors soft_plus(const NodeCall& c) { return one(softplus(c.x(0))); }

/// Along an axis; before version 13 all axes from it on were one.
template <Tensor (*f)(const Tensor&, int)>
Tensors along(const NodeCall& c) {
  const Tensor& x = c.x(0);
  if (c.opset() >= 13) {
    if (x.dim() == 0) return one(squeeze(f(unsqueeze(x, 0), 0), 0));
    return one(f(x, c.axis("axis", -1, x.dim())));
  }
  const int axis = c.axis("axis", 1, x.dim());
  std::int64_t rows = 1;
  for (int i = 0; i < axis; ++i) rows *= x.size(i);
  return one(reshape(f(reshape(x, {rows, rows == 0 ? 0 : x.numel() / rows}), 1), x.shape()));
}

Tensor hard_max(const Tensor& x, int axis) {
  const std::int64_t n = x.size(axis);
  return movedim(one_hot(argmax(x, axis), n), {-1}, {axis}).to(x.dtype());
}

}  // namespace

void add_activations(ImportTable& t) {
  t["Relu"] = unary<relu>, t["Sigmoid"] = unary<sigmoid>, t["Softsign"] = unary<softsign>;
  t["HardSwish"] = unary<hardswish>, t["LeakyRelu"] = leaky, t["PRelu"] = sloped;
  t["Elu"] = exponential, t["Selu"] = scaled_exponential, t["Celu"] = continuous_exponential;
  t["HardSigmoid"] = hard_sigmoid, t["Shrink"] = shrink, t["ThresholdedRelu"] = thresholded;
  t["Softplus"] = soft_plus;
  t["Softmax"] = along<softmax>, t["LogSoftmax"] = along<log_softmax>, t["Hardmax"] = along<hard_max>;
}

}  // namespace xgrad::onnx::detail
