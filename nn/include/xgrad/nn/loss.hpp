#pragma once

#include "xgrad/core/ops/loss.hpp"

// The losses of the core under the name that models use: nn::cross_entropy(model(x), y).

namespace xgrad::nn {

using xgrad::binary_cross_entropy;
using xgrad::binary_cross_entropy_with_logits;
using xgrad::cross_entropy;
using xgrad::l1_loss;
using xgrad::mse_loss;
using xgrad::nll_loss;

using xgrad::BceOptions;
using xgrad::CrossEntropyOptions;
using xgrad::LossOptions;
using xgrad::NllOptions;
using xgrad::Reduction;

}  // namespace xgrad::nn
