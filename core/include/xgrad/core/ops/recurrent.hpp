#pragma once

#include "xgrad/core/ops/linalg.hpp"

// Cells of recurrent networks: one step, for a batch. Gates lie beside each other in a row, in PyTorch's
// order.

namespace xgrad {

/// activation(input_gates + h w_hh^T): input_gates[batch, hidden], h[batch, hidden], w_hh[hidden, hidden].
/// Throws Error unless these are the shapes and all have one floating dtype. Elman, 1990.
Tensor rnn_cell(const Tensor& input_gates, const Tensor& h, const Tensor& w_hh,
                Activation activation = Activation::tanh);

/// The state of an LSTM: what it shows and what it remembers, both [batch, hidden].
struct LstmState {
  Tensor h, c;
};

/// c' = s(f) c + s(i) tanh(g), h' = s(o) tanh(c'), s the sigmoid, with [i, f, g, o] = input_gates +
/// hidden_gates: both [batch, 4 hidden], c[batch, hidden]. Throws Error unless these are the shapes and all
/// have one floating dtype. Hochreiter and Schmidhuber, 1997; Gers et al., 2000.
LstmState lstm_cell(const Tensor& input_gates, const Tensor& hidden_gates, const Tensor& c);
/// The same with input_gates = x w_ih^T + b_ih and hidden_gates = h w_hh^T + b_hh: x[batch, in], w_ih[4
/// hidden, in], w_hh[4 hidden, hidden]; the biases [4 hidden] may be undefined. The input gates of all steps
/// at once, by `linear` and `split`, are faster.
LstmState lstm_cell(const Tensor& x, const LstmState& state, const Tensor& w_ih, const Tensor& w_hh,
                    const Tensor& b_ih = {}, const Tensor& b_hh = {});

}  // namespace xgrad
