#pragma once

#include <concepts>
#include <type_traits>
#include <utility>
#include <vector>

#include "xgrad/core/gradcheck.hpp"
#include "xgrad/nn/module.hpp"

namespace xgrad {

namespace nn::detail {

/// A module that makes one tensor of one, whether it is a Module or not.
template <class M>
concept CalledWithOne = std::derived_from<M, ModuleBase> && std::is_invocable_r_v<Tensor, M&, const Tensor&>;

/// A floating tensor in float64, others as they are.
Tensor in_float64(const Tensor& x);
/// Checks `loss` by the parameters of a model that this may change, and by x if it requires a gradient.
GradcheckResult gradcheck_loss(ModuleBase& model, xgrad::detail::TensorsFunction loss, const Tensor& x,
                               const GradcheckOptions& options);
/// Checks `f` by the parameters of a model that this may change, and by the inputs that require a gradient,
/// all floating ones if none does; `call` is what the report says of it.
GradcheckResult gradcheck_call(ModuleBase& model, xgrad::detail::TensorsFunction f,
                               const std::vector<Tensor>& inputs, const char* call,
                               const GradcheckOptions& options);

}  // namespace nn::detail

/// Checks the gradient of f(model, inputs...), a Tensor or a std::vector<Tensor>, by every parameter of the
/// model that requires one, and by the inputs that require one, all floating ones if none does: for a module
/// of any call. f takes the inputs as gradcheck of a function does; the report names parameters by their
/// dotted path.
///
/// The model and the inputs stay as they are: f gets copies, in float64, of the mode that the model is in.
/// What it captures is to be in float64, too.
///
///     CHECK(gradcheck(cell, [](const Cell& m, const Tensor& x, const Tensor& h) { return m(x, h).second; },
///                     {x, h}));
template <std::derived_from<nn::ModuleBase> M, class F>
requires(!std::invocable<F&, const Tensor&, const Tensor&>) GradcheckResult
    gradcheck(const M& model, F&& f, const std::vector<Tensor>& inputs = {},
              const GradcheckOptions& options = {}) {
  M copy = nn::clone(model);
  copy.to(float64);
  const auto call = [&](const std::vector<Tensor>& x) {
    if constexpr (std::invocable<F&, M&>) {
      return detail::as_tensors(f(copy));
    } else {
      const auto bound = [&](const auto&... xs) requires(std::invocable<F&, M&, decltype(xs)...>) {
        return f(copy, xs...);
      };
      return detail::call_with("gradcheck", bound, x);
    }
  };
  return nn::detail::gradcheck_call(copy, detail::TensorsFunction(call), inputs,
                                    "gradcheck(model, f, inputs, ", options);
}

/// The same for model(inputs...): `gradcheck(gate, {x, mask})`. A module by its base, such as net[0], cannot
/// be copied: as a function of its inputs it is checked by them alone.
template <class M>
requires(std::derived_from<std::remove_cvref_t<M>, nn::ModuleBase>&&
             std::copy_constructible<std::remove_cvref_t<M>>) GradcheckResult
    gradcheck(M&& model, const std::vector<Tensor>& inputs, const GradcheckOptions& options = {}) {
  auto copy = nn::clone(std::as_const(model));
  copy.to(float64);
  const auto call = [&](const std::vector<Tensor>& x) { return detail::call_with("gradcheck", copy, x); };
  return nn::detail::gradcheck_call(copy, detail::TensorsFunction(call), inputs, "gradcheck(model, inputs, ",
                                    options);
}

/// Checks the gradient of loss(model(x), y) by every parameter of the model that requires one, and by x if it
/// requires one. The report names parameters by their dotted path.
///
/// The model stays as it is: a copy is checked, in float64, in the mode that the model is in. A batch is a
/// pair {x, y}, or anything else that comes apart into two tensors.
///
///     CHECK(gradcheck(model, nn::cross_entropy, {x, y}));
template <nn::detail::CalledWithOne M, class Loss>
requires std::invocable<Loss&, const Tensor&, const Tensor&> GradcheckResult
gradcheck(const M& model, Loss&& loss, const std::pair<Tensor, Tensor>& batch,
          const GradcheckOptions& options = {}) {
  M copy = nn::clone(model);
  copy.to(float64);
  const Tensor y = nn::detail::in_float64(batch.second);
  const auto call = [&](const std::vector<Tensor>& x) { return std::vector<Tensor>{loss(copy(x[0]), y)}; };
  return nn::detail::gradcheck_loss(copy, detail::TensorsFunction(call), batch.first, options);
}

template <nn::detail::CalledWithOne M, class Loss, class Batch>
requires(std::invocable<Loss&, const Tensor&, const Tensor&> &&
         !std::convertible_to<const Batch&, std::pair<Tensor, Tensor>>) GradcheckResult
    gradcheck(const M& model, Loss&& loss, const Batch& batch, const GradcheckOptions& options = {}) {
  const auto& [x, y] = batch;
  return gradcheck(model, loss, std::pair<Tensor, Tensor>(x, y), options);
}

/// The same for overloaded losses, such as nn::cross_entropy.
template <nn::detail::CalledWithOne M>
GradcheckResult gradcheck(const M& model, Tensor (*loss)(const Tensor&, const Tensor&),
                          const std::pair<Tensor, Tensor>& batch, const GradcheckOptions& options = {}) {
  return gradcheck<M, decltype(loss)&>(model, loss, batch, options);
}
template <nn::detail::CalledWithOne M, class Batch>
requires(!std::convertible_to<const Batch&, std::pair<Tensor, Tensor>>) GradcheckResult
    gradcheck(const M& model, Tensor (*loss)(const Tensor&, const Tensor&), const Batch& batch,
              const GradcheckOptions& options = {}) {
  const auto& [x, y] = batch;
  return gradcheck<M, decltype(loss)&>(model, loss, std::pair<Tensor, Tensor>(x, y), options);
}

}  // namespace xgrad
