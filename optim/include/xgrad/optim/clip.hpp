#pragma once

#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad::optim {

/// Scales all gradients by one factor, so that the norm of all their elements together is at most max_norm,
/// and returns that norm as it was before: (sum |g|^p)^(1/p), max |g| for p = infinity, summed in double.
///
/// The factor is max_norm / (norm + 1e-6), at most 1, as PyTorch's; where the norm is beyond double it is
/// still right, and inf is returned. Parameters without gradient are passed over, and one that is listed
/// twice counts once. Throws Error, and changes nothing, when max_norm is negative or p is not above 0, and
/// with error_if_nonfinite when a gradient holds inf or nan. Without, as in PyTorch, a nan makes all
/// gradients nan, and an inf becomes nan and makes all others 0.
double clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm, double p = 2,
                       bool error_if_nonfinite = false);

/// Limits each element of each gradient to [-max_value, max_value]; a nan stays. Throws Error when max_value
/// is negative.
void clip_grad_value_(const std::vector<Tensor>& parameters, double max_value);

}  // namespace xgrad::optim
