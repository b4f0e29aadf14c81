#include "xgrad/nn/activation.hpp"

#include "layer.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad::nn {

namespace {

struct Halves {
  Tensor a, b;
};

Halves halves(const char* layer, const Tensor& x, int axis) {
  const int rank = x.dim(layer);
  if (axis < -rank || axis >= rank || x.size(axis) % 2 != 0)
    throw Error(std::string(layer) + ": axis " + std::to_string(axis) +
                " must be one of x, of an even size, to be halved: x is " + x.describe());
  const std::int64_t half = x.size(axis) / 2;
  return {narrow(x, axis, 0, half), narrow(x, axis, half, half)};
}

std::string along(int axis) { return "axis=" + std::to_string(axis); }

}  // namespace

Tensor ReLU::forward(const Tensor& x) const { return relu(x); }
Tensor ReLU6::forward(const Tensor& x) const { return relu6(x); }
Tensor SELU::forward(const Tensor& x) const { return selu(x); }
Tensor SiLU::forward(const Tensor& x) const { return silu(x); }
Tensor Mish::forward(const Tensor& x) const { return mish(x); }
Tensor Sigmoid::forward(const Tensor& x) const { return sigmoid(x); }
Tensor LogSigmoid::forward(const Tensor& x) const { return logsigmoid(x); }
Tensor Tanh::forward(const Tensor& x) const { return xgrad::tanh(x); }
Tensor Tanhshrink::forward(const Tensor& x) const { return tanhshrink(x); }
Tensor Softsign::forward(const Tensor& x) const { return softsign(x); }
Tensor Hardsigmoid::forward(const Tensor& x) const { return hardsigmoid(x); }
Tensor Hardswish::forward(const Tensor& x) const { return hardswish(x); }

Tensor LeakyReLU::forward(const Tensor& x) const { return leaky_relu(x, slope); }
Tensor ELU::forward(const Tensor& x) const { return elu(x, alpha); }
Tensor CELU::forward(const Tensor& x) const { return celu(x, alpha); }
Tensor GELU::forward(const Tensor& x) const { return gelu(x, approximate); }
Tensor Softplus::forward(const Tensor& x) const { return softplus(x, beta, threshold); }
Tensor Hardtanh::forward(const Tensor& x) const { return hardtanh(x, low, high); }
Tensor Hardshrink::forward(const Tensor& x) const { return hardshrink(x, lambda); }
Tensor Softshrink::forward(const Tensor& x) const { return softshrink(x, lambda); }
Tensor PReLU::forward(const Tensor& x) const { return prelu(x, weight); }

Tensor Softmax::forward(const Tensor& x) const { return softmax(x, axis); }
Tensor Softmin::forward(const Tensor& x) const { return softmin(x, axis); }
Tensor LogSoftmax::forward(const Tensor& x) const { return log_softmax(x, axis); }
Tensor GLU::forward(const Tensor& x) const {
  const auto [a, b] = halves("GLU", x, axis);
  return a * sigmoid(b);
}
Tensor SwiGLU::forward(const Tensor& x) const {
  const auto [a, b] = halves("SwiGLU", x, axis);
  return silu(a) * b;
}

PReLU::PReLU(std::int64_t parameters, double start, DType dtype) {
  detail::check_least("PReLU", "num_parameters", parameters, 1);
  detail::check_weight_dtype("PReLU", dtype);
  weight = detail::filled_parameter("PReLU", {parameters}, start, dtype);
}

std::string LeakyReLU::extra_repr() const { return "negative_slope=" + detail::number(slope); }
std::string ELU::extra_repr() const { return "alpha=" + detail::number(alpha); }
std::string CELU::extra_repr() const { return "alpha=" + detail::number(alpha); }
std::string GELU::extra_repr() const { return approximate == Approximate::tanh ? "approximate=tanh" : ""; }
std::string Softplus::extra_repr() const {
  return "beta=" + detail::number(beta) +
         (threshold < __builtin_inf() ? ", threshold=" + detail::number(threshold) : "");
}
std::string Hardtanh::extra_repr() const {
  return "min_val=" + detail::number(low) + ", max_val=" + detail::number(high);
}
std::string Hardshrink::extra_repr() const { return "lambda=" + detail::number(lambda); }
std::string Softshrink::extra_repr() const { return "lambda=" + detail::number(lambda); }
std::string PReLU::extra_repr() const { return "num_parameters=" + std::to_string(weight.numel()); }
std::string Softmax::extra_repr() const { return along(axis); }
std::string Softmin::extra_repr() const { return along(axis); }
std::string LogSoftmax::extra_repr() const { return along(axis); }
std::string GLU::extra_repr() const { return along(axis); }
std::string SwiGLU::extra_repr() const { return along(axis); }

}  // namespace xgrad::nn
