#pragma once

#include "xgrad/core/ops/linalg.hpp"

// Recurrent networks, for a batch: cells, which make one step, and layers over whole sequences, in one
// direction. Gates lie beside each other in a row, and weights [gates * hidden, ...] below each other, in
// PyTorch's order. Biases may be undefined.

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

/// h' = (1 - z) n + z h, r = s(r1 + r2), z = s(z1 + z2), n = tanh(n1 + r n2), s the sigmoid, with [r1, z1,
/// n1] = input_gates and [r2, z2, n2] = hidden_gates: both [batch, 3 hidden], h[batch, hidden]. Throws Error
/// unless these are the shapes and all have one floating dtype. Cho et al., 2014, with the reset gate behind
/// the product, as cuDNN and PyTorch have it.
Tensor gru_cell(const Tensor& input_gates, const Tensor& hidden_gates, const Tensor& h);
/// The same with input_gates = x w_ih^T + b_ih and hidden_gates = h w_hh^T + b_hh: x[batch, in], w_ih[3
/// hidden, in], w_hh[3 hidden, hidden], biases [3 hidden].
Tensor gru_cell(const Tensor& x, const Tensor& h, const Tensor& w_ih, const Tensor& w_hh,
                const Tensor& b_ih = {}, const Tensor& b_hh = {});

struct RecurrentOptions {
  bool reverse = false;  ///< from the last step to the first; output t still belongs to step t
  /// int64[batch], each 0 to steps, in any order: row b takes the steps below lengths[b] only. Behind them
  /// its outputs are 0, and x is not read and gets a gradient of 0; its last state is that of its own last
  /// step, or with `reverse` its own last step is its first. As PyTorch's pack_padded_sequence. Undefined:
  /// all rows take all steps.
  Tensor lengths = {};
};

/// outputs[steps, batch, hidden] are the states h behind each step; the last states are [batch, hidden].
struct RecurrentResult {
  Tensor outputs, h;
};
struct LstmResult {
  Tensor outputs;
  LstmState state;
};

/// A layer over x[steps, batch, in] from h0[batch, hidden] on, in one node: h_t = activation(x_t w_ih^T +
/// b_ih + h_{t-1} w_hh^T + b_hh), w_ih[hidden, in], w_hh[hidden, hidden], biases [hidden]. Weights are packed
/// once; products with x and of the weights' gradients join as many steps as the cache holds. Throws Error
/// unless these are the shapes, all have one floating dtype, and the lengths are right.
RecurrentResult rnn(const Tensor& x, const Tensor& h0, const Tensor& w_ih, const Tensor& w_hh,
                    const Tensor& b_ih = {}, const Tensor& b_hh = {},
                    Activation activation = Activation::tanh, const RecurrentOptions& options = {});
/// The same with the steps of gru_cell: w_ih[3 hidden, in], w_hh[3 hidden, hidden], biases [3 hidden].
RecurrentResult gru(const Tensor& x, const Tensor& h0, const Tensor& w_ih, const Tensor& w_hh,
                    const Tensor& b_ih = {}, const Tensor& b_hh = {}, const RecurrentOptions& options = {});
/// The same with the steps of lstm_cell, from the state {h0, c0}, both [batch, hidden]: w_ih[4 hidden, in],
/// w_hh[4 hidden, hidden], biases [4 hidden].
LstmResult lstm(const Tensor& x, const LstmState& start, const Tensor& w_ih, const Tensor& w_hh,
                const Tensor& b_ih = {}, const Tensor& b_hh = {}, const RecurrentOptions& options = {});

}  // namespace xgrad
