#pragma once

#include "xgrad/core/ops/recurrent.hpp"
#include "xgrad/core/random.hpp"
#include "xgrad/nn/module.hpp"

// One step of a recurrent layer, for loops that look at each state: x[batch, in] or [in], by the ops
// `rnn_cell`, `lstm_cell` and `gru_cell`. Over whole sequences RNN, LSTM and GRU are many times faster.

namespace xgrad::nn {

/// What RNNCell, LSTMCell and GRUCell share: weight_ih[gates * hidden, in], weight_hh[gates * hidden, hidden]
/// and two biases [gates * hidden], uniform in [-1/sqrt(hidden), 1/sqrt(hidden)] at first, drawn in this
/// order: the same seed gives the same numbers as PyTorch.
class RecurrentCell : public ModuleBase {
 public:
  void visit(Visitor& v) override;
  std::string extra_repr() const override;

  Tensor weight_ih, weight_hh;
  Tensor bias_ih, bias_hh;  ///< undefined without bias

 protected:
  struct Form {
    const char* name;
    std::int64_t input_size, hidden_size, gates;
    bool bias;
  };

  RecurrentCell(const Form& form, DType dtype, const Generator& generator);

  /// Throws Error unless x is [batch, in] or [in], and the defined ones of h and c are [batch, hidden] or
  /// [hidden].
  void check(const Tensor& x, const Tensor& h, const Tensor& c) const;
  /// The state with a batch axis; 0 where it is undefined.
  Tensor state_of(const Tensor& state, const Tensor& x) const;

 private:
  Form form_;
};

struct RnnCellOptions {
  bool bias = true;
  Activation nonlinearity = Activation::tanh;
  DType dtype = float32;
  Generator generator = default_generator();  ///< draws the first weights
};

struct RecurrentCellOptions {
  bool bias = true;
  DType dtype = float32;
  Generator generator = default_generator();  ///< draws the first weights
};

/// nonlinearity(x weight_ih^T + bias_ih + h weight_hh^T + bias_hh). Elman, 1990. Throws Error for sizes that
/// are negative and a dtype that is not floating.
class RNNCell : public RecurrentCell {
 public:
  RNNCell(std::int64_t input_size, std::int64_t hidden_size, RnnCellOptions options = {});

  /// The next h, [batch, hidden] or [hidden]; an undefined h is 0. Throws Error where shapes or dtypes do not
  /// fit.
  Tensor operator()(const Tensor& x, const Tensor& h = {}) const;

 private:
  Activation nonlinearity_;
};

/// The step of `lstm_cell`. Hochreiter and Schmidhuber, 1997. Throws Error as RNNCell does.
class LSTMCell : public RecurrentCell {
 public:
  LSTMCell(std::int64_t input_size, std::int64_t hidden_size, RecurrentCellOptions options = {});

  /// The next state; one without h and c is 0.
  LstmState operator()(const Tensor& x, const LstmState& state = {}) const;
};

/// The step of `gru_cell`. Cho et al., 2014. Throws Error as RNNCell does.
class GRUCell : public RecurrentCell {
 public:
  GRUCell(std::int64_t input_size, std::int64_t hidden_size, RecurrentCellOptions options = {});

  /// The next h; an undefined h is 0.
  Tensor operator()(const Tensor& x, const Tensor& h = {}) const;
};

}  // namespace xgrad::nn
