#pragma once

#include <xgrad/xgrad.hpp>

#include "support/work.hpp"

namespace bench {

/// A parameter of this shape.
template <class T>
xgrad::Tensor leaf(const std::vector<T>& values, const xgrad::Shape& shape) {
  return xgrad::tensor(values, shape).requires_grad_();
}

inline void forget_gradients(const std::vector<xgrad::Tensor>& parameters) {
  for (xgrad::Tensor p : parameters) p.zero_grad();
}

/// What a Run makes of the gradients of float32 parameters.
inline double gradient_squares(const std::vector<xgrad::Tensor>& parameters) {
  double sum = 0;
  for (const xgrad::Tensor& p : parameters) sum += squares(p.grad().data<float>());
  return sum;
}

}  // namespace bench
