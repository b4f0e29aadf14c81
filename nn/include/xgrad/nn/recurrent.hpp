#pragma once

#include "xgrad/core/ops/recurrent.hpp"
#include "xgrad/core/random.hpp"
#include "xgrad/nn/dropout.hpp"
#include "xgrad/nn/module.hpp"

// Recurrent layers over whole sequences, by the ops `rnn`, `lstm` and `gru`: x[steps, batch, in], or [batch,
// steps, in] with batch_first, or one sequence [steps, in] without a batch. PyTorch's names and first
// weights.

namespace xgrad::nn {

/// What one layer learns in one direction; gates lie below each other. Biases and weight_hr may be undefined.
struct RecurrentWeights {
  Tensor weight_ih;  ///< [gates * hidden, in]
  Tensor weight_hh;  ///< [gates * hidden, state]: the state's size is hidden, or proj_size
  Tensor bias_ih, bias_hh;
  Tensor weight_hr;  ///< [proj_size, hidden]: the projection of an LSTM
};

/// What RNN, LSTM and GRU share: layers on top of each other, in one direction or both.
///
/// The parameters of layer k are `weight_ih_lk`, `weight_hh_lk`, `bias_ih_lk`, `bias_hh_lk` and, of an LSTM
/// with a projection, `weight_hr_lk`; those of the other direction end in `_reverse`. They start uniform in
/// [-1/sqrt(hidden), 1/sqrt(hidden)], drawn in this order. With both directions (Schuster and Paliwal, 1997)
/// the outputs of the two lie beside each other, and are what the next layer reads.
class RecurrentBase : public ModuleBase {
 public:
  void visit(Visitor& v) override;
  std::string extra_repr() const override;

  std::vector<RecurrentWeights> weights;  ///< of layer k in direction d at k * directions + d

 protected:
  /// What a layer is made of.
  struct Form {
    const char* name;
    std::int64_t input_size, hidden_size, num_layers, gates, proj_size;
    bool bias, batch_first, bidirectional;
    std::int64_t directions() const { return bidirectional ? 2 : 1; }
    std::int64_t state_size() const { return proj_size > 0 ? proj_size : hidden_size; }
  };

  RecurrentBase(const Form& form, double dropout, DType dtype, const Generator& generator);

  /// All layers: h and c of the start and of the result are [num_layers * directions, batch, ...], and
  /// undefined where the layer has none; an undefined start is 0.
  LstmResult run(const Tensor& x, const LstmState& start, const Tensor& lengths) const;
  const Form& form() const { return form_; }

 private:
  /// One layer in one direction over [steps, batch, ...].
  virtual LstmResult one_way(const Tensor& x, const LstmState& start, const RecurrentWeights& w,
                             const xgrad::RecurrentOptions& options) const = 0;
  void check(const Tensor& x, const LstmState& start, const Tensor& lengths) const;
  void check_state(const char* what, const Tensor& state, std::int64_t size, const Tensor& x) const;
  [[noreturn]] void refuse(const std::string& what) const;
  LstmState start_of(const LstmState& start, std::size_t i, const Tensor& x) const;

  Form form_;
  Dropout dropout_;
};

struct RnnOptions {
  std::int64_t num_layers = 1;
  Activation nonlinearity = Activation::tanh;
  bool bias = true;
  bool batch_first = false;
  double dropout = 0;  ///< of the outputs of each layer but the last, in training
  bool bidirectional = false;
  DType dtype = float32;
  Generator generator = default_generator();  ///< draws the first weights and the dropped elements
};

/// h_t = nonlinearity(x_t weight_ih^T + bias_ih + h_{t-1} weight_hh^T + bias_hh), for each layer. Elman,
/// 1990.
///
/// Throws Error for sizes that are negative, no layers, a dtype that is not floating, and a dropout outside
/// [0, 1].
class RNN : public RecurrentBase {
 public:
  RNN(std::int64_t input_size, std::int64_t hidden_size, RnnOptions options = {});

  /// outputs[steps, batch, directions * hidden] of the last layer, and the last states h[num_layers *
  /// directions, batch, hidden] of all; h0 is as h, and 0 where it is undefined. `lengths`, int64[batch],
  /// say how many steps each sequence has, in any order: behind them outputs are 0, x is not read, and the
  /// last state is that of the sequence's own last step, as with PyTorch's packed sequences. With
  /// batch_first x and outputs are [batch, steps, ...]; without a batch axis in x there is none in the
  /// results. Throws Error where x, h0 or lengths do not fit.
  RecurrentResult operator()(const Tensor& x, const Tensor& h0 = {}, const Tensor& lengths = {}) const;
  std::string extra_repr() const override;

 private:
  LstmResult one_way(const Tensor& x, const LstmState& start, const RecurrentWeights& w,
                     const xgrad::RecurrentOptions& options) const override;

  Activation nonlinearity_;
};

struct LstmOptions {
  std::int64_t num_layers = 1;
  bool bias = true;
  bool batch_first = false;
  double dropout = 0;  ///< of the outputs of each layer but the last, in training
  bool bidirectional = false;
  std::int64_t proj_size = 0;  ///< above 0: the size of h, which is weight_hr (o tanh(c)). Sak et al., 2014
  DType dtype = float32;
  Generator generator = default_generator();  ///< draws the first weights and the dropped elements
};

/// Layers of `lstm`: c_t = s(f) c_{t-1} + s(i) tanh(g), h_t = s(o) tanh(c_t). Hochreiter and Schmidhuber,
/// 1997; Gers et al., 2000.
///
/// With a projection the layer goes step by step, since the op has none: it is slower then, not faster.
/// Throws Error as RNN does, and unless proj_size is less than hidden_size.
class LSTM : public RecurrentBase {
 public:
  LSTM(std::int64_t input_size, std::int64_t hidden_size, LstmOptions options = {});

  /// As RNN's, with a state of h[num_layers * directions, batch, hidden or proj_size] and c[..., hidden]:
  /// both or none. `auto [outputs, state] = lstm(x)`.
  LstmResult operator()(const Tensor& x, const LstmState& start = {}, const Tensor& lengths = {}) const;

 private:
  LstmResult one_way(const Tensor& x, const LstmState& start, const RecurrentWeights& w,
                     const xgrad::RecurrentOptions& options) const override;
};

struct GruOptions {
  std::int64_t num_layers = 1;
  bool bias = true;
  bool batch_first = false;
  double dropout = 0;  ///< of the outputs of each layer but the last, in training
  bool bidirectional = false;
  DType dtype = float32;
  Generator generator = default_generator();  ///< draws the first weights and the dropped elements
};

/// Layers of `gru`: h_t = (1 - z) n + z h_{t-1}, the reset gate behind the product. Cho et al., 2014. Throws
/// Error as RNN does.
class GRU : public RecurrentBase {
 public:
  GRU(std::int64_t input_size, std::int64_t hidden_size, GruOptions options = {});

  /// As RNN's.
  RecurrentResult operator()(const Tensor& x, const Tensor& h0 = {}, const Tensor& lengths = {}) const;

 private:
  LstmResult one_way(const Tensor& x, const LstmState& start, const RecurrentWeights& w,
                     const xgrad::RecurrentOptions& options) const override;
};

}  // namespace xgrad::nn
