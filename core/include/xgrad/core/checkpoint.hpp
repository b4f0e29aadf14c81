#pragma once

#include "xgrad/core/custom_op.hpp"

namespace xgrad {

namespace detail {
Tensor checkpoint_of(const TensorFunction& f, const std::vector<Tensor>& inputs);
Tensor implicit_root_of(const TensorFunction& residual, const TensorFunction& solve,
                        const std::vector<Tensor>& parameters);
}  // namespace detail

/// f(inputs), keeping none of its intermediate values: backward computes f again, and what f draws from the
/// default generator is drawn again, so that dropout drops the same elements; the generator itself, from
/// which other threads may draw meanwhile, is not touched by that. Tensors that f captures, as a model's
/// parameters, get their gradients too; batch_norm updates its running statistics once. f returns one tensor
/// and must compute the same bits each time, on the thread that calls it: where it draws from a generator of
/// its own, or a captured tensor has changed, backward throws Error. Chen et al., 2016.
template <class F>
Tensor checkpoint(F f, const std::vector<Tensor>& inputs) {
  return detail::checkpoint_of(as_function(std::move(f), "checkpoint"), inputs);
}
template <class F>
Tensor checkpoint(F f, const Tensor& x) {
  return detail::checkpoint_of(as_function(std::move(f), "checkpoint"), {x});
}

/// The x with residual(x, parameters...) = 0 that `solve(parameters...)` finds, by any code; its gradient
/// comes from the implicit function theorem, dx/dp = -(dr/dx)^-1 dr/dp, so no step of the solver is recorded.
/// x and the residual have as many elements; dr/dx is formed whole and must be regular. Can be differentiated
/// again. Throws Error in backward where the residual captures a tensor that requires a gradient: pass it as
/// a parameter.
template <class Residual, class Solve>
Tensor implicit_root(Residual residual, Solve solve, const std::vector<Tensor>& parameters) {
  return detail::implicit_root_of(as_function(std::move(residual), "implicit_root"),
                                  as_function(std::move(solve), "implicit_root"), parameters);
}

}  // namespace xgrad
