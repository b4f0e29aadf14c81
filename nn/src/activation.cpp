#include "xgrad/nn/activation.hpp"

#include "number.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad::nn {

Tensor ReLU::forward(const Tensor& x) const { return relu(x); }
Tensor LeakyReLU::forward(const Tensor& x) const { return leaky_relu(x, slope); }
Tensor ELU::forward(const Tensor& x) const { return elu(x, alpha); }
Tensor GELU::forward(const Tensor& x) const { return gelu(x); }
Tensor SiLU::forward(const Tensor& x) const { return silu(x); }
Tensor Softplus::forward(const Tensor& x) const { return softplus(x, beta); }
Tensor Sigmoid::forward(const Tensor& x) const { return sigmoid(x); }
Tensor Tanh::forward(const Tensor& x) const { return xgrad::tanh(x); }
Tensor Softmax::forward(const Tensor& x) const { return softmax(x, axis); }
Tensor LogSoftmax::forward(const Tensor& x) const { return log_softmax(x, axis); }
Tensor Flatten::forward(const Tensor& x) const { return flatten(x, start, end); }

std::string LeakyReLU::extra_repr() const { return "negative_slope=" + detail::number(slope); }
std::string ELU::extra_repr() const { return "alpha=" + detail::number(alpha); }
std::string Softplus::extra_repr() const { return "beta=" + detail::number(beta); }
std::string Softmax::extra_repr() const { return "axis=" + std::to_string(axis); }
std::string LogSoftmax::extra_repr() const { return "axis=" + std::to_string(axis); }
std::string Flatten::extra_repr() const {
  return "start=" + std::to_string(start) + ", end=" + std::to_string(end);
}

}  // namespace xgrad::nn
