#pragma once

#include <torch/torch.h>

#include "support/work.hpp"

namespace bench {

/// A tensor of its own, in the values' type.
template <class T>
torch::Tensor to_torch(const std::vector<T>& values, at::IntArrayRef shape) {
  return torch::tensor(at::ArrayRef<T>(values), at::TensorOptions(torch::CppTypeToScalarType<T>::value))
      .reshape(shape)
      .clone();
}
template <class T>
torch::Tensor torch_leaf(const std::vector<T>& values, at::IntArrayRef shape) {
  return to_torch(values, shape).requires_grad_();
}

inline void torch_forget_gradients(const std::vector<torch::Tensor>& parameters) {
  for (const torch::Tensor& p : parameters) p.mutable_grad() = torch::Tensor();
}

inline double torch_gradient_squares(const std::vector<torch::Tensor>& parameters) {
  double sum = 0;
  for (const torch::Tensor& p : parameters) {
    const torch::Tensor g = p.grad().contiguous();
    sum += squares(g.data_ptr<float>(), static_cast<std::size_t>(g.numel()));
  }
  return sum;
}

inline const bool torch_threads = (on_threads([](int n) { torch::set_num_threads(n); }), true);

}  // namespace bench
