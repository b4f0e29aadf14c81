#pragma once

#include "xgrad/nn/recurrent.hpp"

namespace xgrad::nn::detail {

/// lstm with h = weight_hr (o tanh(c)), from cells, step by step: x[steps, batch, in], h[batch, proj_size],
/// c[batch, hidden]. Sak et al., 2014.
LstmResult projected_lstm(const Tensor& x, const LstmState& start, const RecurrentWeights& w,
                          const xgrad::RecurrentOptions& options);

}  // namespace xgrad::nn::detail
