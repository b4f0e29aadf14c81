#include "xgrad/nn/shape.hpp"

#include "xgrad/core/ops/shape.hpp"

namespace xgrad::nn {

Tensor Flatten::forward(const Tensor& x) const { return flatten(x, start, end); }
std::string Flatten::extra_repr() const {
  return "start=" + std::to_string(start) + ", end=" + std::to_string(end);
}

Tensor Unflatten::forward(const Tensor& x) const { return unflatten(x, axis, sizes); }
std::string Unflatten::extra_repr() const {
  return "axis=" + std::to_string(axis) + ", sizes=" + sizes.str();
}

}  // namespace xgrad::nn
