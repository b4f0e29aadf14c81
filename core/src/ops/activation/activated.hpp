#pragma once

#include <string>

#include "xgrad/core/ops/linalg.hpp"

// Activations at the end of an op that makes its value in fresh memory: linear, recurrent cells. Their slopes
// come from the values, so that nothing else is kept.

namespace xgrad::detail {

const char* name_of(Activation activation);

/// The attributes of such an op.
struct Activated {
  Activation activation;
  void fields(auto&& field) const { field("activation", std::string(name_of(activation))); }
};

/// Replaces the elements of y, which nobody else has seen, by their activations.
void activate(Activation activation, const Tensor& y);

/// g times the slope that an activation has where its value is y, and if asked for, the sum of its rows.
struct ActivationGradient {
  Tensor x, row_sum;
};

/// Of matrices, in one pass; twice differentiable.
ActivationGradient activation_gradient(Activation activation, const Tensor& g, const Tensor& y,
                                       bool with_row_sum);

}  // namespace xgrad::detail
