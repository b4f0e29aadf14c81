#pragma once

#include <span>

#include "autodiff/per_example/calls.hpp"

namespace xgrad::detail {

/// The gradients by input j of use, a parameter, for each example: [examples, input...], from the cotangents
/// of the call's outputs, of which those that nothing reaches are undefined. Undefined where it has none.
Tensor example_gradients(const TwoRuns& runs, const TwoRuns::Use& use, std::size_t j,
                         std::span<const Tensor> cotangents);

}  // namespace xgrad::detail
