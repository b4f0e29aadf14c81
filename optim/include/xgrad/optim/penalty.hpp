#pragma once

#include <vector>

#include "xgrad/core/tensor.hpp"

// Penalties to add to a loss: `loss + 1e-4 * optim::l2_penalty(model.parameters())`. Differentiable numbers;
// they throw Error for an empty list and where dtypes differ.

namespace xgrad::optim {

/// The sum of |p| over all elements of all parameters; d/dp at 0 is 0.
Tensor l1_penalty(const std::vector<Tensor>& parameters);

/// The sum of p^2 over all elements of all parameters. An optimizer's weight_decay w is w/2 times this.
Tensor l2_penalty(const std::vector<Tensor>& parameters);

}  // namespace xgrad::optim
