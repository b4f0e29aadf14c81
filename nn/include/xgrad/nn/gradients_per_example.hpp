#pragma once

#include <utility>
#include <vector>

#include "xgrad/core/gradients_per_example.hpp"
#include "xgrad/nn/module.hpp"

namespace xgrad::nn {

/// xgrad::gradients_per_example by the trainable parameters of a model, in their order: `losses` takes the
/// tensors of the batch and calls the model.
template <class F>
std::vector<Tensor> gradients_per_example(F losses, const ModuleBase& model,
                                          const std::vector<Tensor>& batch) {
  return xgrad::gradients_per_example(std::move(losses), model.trainable_parameters(), batch);
}

/// The same of loss(model(x), target), which has a loss for each example:
///
///     const auto loss = [](const Tensor& y, const Tensor& t) {
///       return cross_entropy(y, t, {.reduction = Reduction::none});
///     };
///     std::vector<Tensor> g = nn::gradients_per_example(loss, model, images, labels);
template <class Loss>
std::vector<Tensor> gradients_per_example(Loss loss, const Module& model, const Tensor& x,
                                          const Tensor& target) {
  return gradients_per_example(
      [&](const Tensor& input, const Tensor& t) -> Tensor { return loss(model(input), t); }, model,
      {x, target});
}

}  // namespace xgrad::nn
