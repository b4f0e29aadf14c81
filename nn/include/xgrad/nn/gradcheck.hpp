#pragma once

#include <concepts>
#include <utility>

#include "xgrad/core/gradcheck.hpp"
#include "xgrad/nn/module.hpp"

namespace xgrad {

namespace nn::detail {

/// A floating tensor in float64, others as they are.
Tensor in_float64(const Tensor& x);
/// Checks `loss` by the parameters of a model that this may change, and by x if it requires a gradient.
GradcheckResult gradcheck_model(Module& model, xgrad::detail::TensorsFunction loss, const Tensor& x,
                                GradcheckOptions options);

}  // namespace nn::detail

/// Checks the gradient of loss(model(x), y) by every parameter of the model that requires one, and by x if it
/// requires one. The report names parameters by their dotted path.
///
/// The model stays as it is: a copy is checked, in float64, in the mode that the model is in. A batch is a
/// pair {x, y}, or anything else that comes apart into two tensors.
///
///     CHECK(gradcheck(model, nn::cross_entropy, {x, y}));
template <std::derived_from<nn::Module> M, class Loss>
requires std::invocable<Loss&, const Tensor&, const Tensor&> GradcheckResult
gradcheck(const M& model, Loss&& loss, const std::pair<Tensor, Tensor>& batch,
          const GradcheckOptions& options = {}) {
  M copy = nn::clone(model);
  copy.to(float64);
  const Tensor y = nn::detail::in_float64(batch.second);
  const auto call = [&](const std::vector<Tensor>& x) { return std::vector<Tensor>{loss(copy(x[0]), y)}; };
  return nn::detail::gradcheck_model(copy, detail::TensorsFunction(call), batch.first, options);
}

template <std::derived_from<nn::Module> M, class Loss, class Batch>
requires(std::invocable<Loss&, const Tensor&, const Tensor&> &&
         !std::convertible_to<const Batch&, std::pair<Tensor, Tensor>>) GradcheckResult
    gradcheck(const M& model, Loss&& loss, const Batch& batch, const GradcheckOptions& options = {}) {
  const auto& [x, y] = batch;
  return gradcheck(model, loss, std::pair<Tensor, Tensor>(x, y), options);
}

/// The same for overloaded losses, such as nn::cross_entropy.
template <std::derived_from<nn::Module> M>
GradcheckResult gradcheck(const M& model, Tensor (*loss)(const Tensor&, const Tensor&),
                          const std::pair<Tensor, Tensor>& batch, const GradcheckOptions& options = {}) {
  return gradcheck<M, decltype(loss)&>(model, loss, batch, options);
}
template <std::derived_from<nn::Module> M, class Batch>
requires(!std::convertible_to<const Batch&, std::pair<Tensor, Tensor>>) GradcheckResult
    gradcheck(const M& model, Tensor (*loss)(const Tensor&, const Tensor&), const Batch& batch,
              const GradcheckOptions& options = {}) {
  const auto& [x, y] = batch;
  return gradcheck<M, decltype(loss)&>(model, loss, std::pair<Tensor, Tensor>(x, y), options);
}

}  // namespace xgrad
