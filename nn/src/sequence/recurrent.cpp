#include "xgrad/nn/recurrent.hpp"

#include "sequence/projected_lstm.hpp"

// The three layers: what one of them does in one direction is an op of the core.
#include "xgrad/nn/call.hpp"

namespace xgrad::nn {

RNN::RNN(std::int64_t input_size, std::int64_t hidden_size, RnnOptions o)
    : RecurrentBase({.name = "RNN",
                     .input_size = input_size,
                     .hidden_size = hidden_size,
                     .num_layers = o.num_layers,
                     .gates = 1,
                     .proj_size = 0,
                     .bias = o.bias,
                     .batch_first = o.batch_first,
                     .bidirectional = o.bidirectional},
                    o.dropout, o.dtype, o.generator),
      nonlinearity_(o.nonlinearity) {}

LSTM::LSTM(std::int64_t input_size, std::int64_t hidden_size, LstmOptions o)
    : RecurrentBase({.name = "LSTM",
                     .input_size = input_size,
                     .hidden_size = hidden_size,
                     .num_layers = o.num_layers,
                     .gates = 4,
                     .proj_size = o.proj_size,
                     .bias = o.bias,
                     .batch_first = o.batch_first,
                     .bidirectional = o.bidirectional},
                    o.dropout, o.dtype, o.generator) {}

GRU::GRU(std::int64_t input_size, std::int64_t hidden_size, GruOptions o)
    : RecurrentBase({.name = "GRU",
                     .input_size = input_size,
                     .hidden_size = hidden_size,
                     .num_layers = o.num_layers,
                     .gates = 3,
                     .proj_size = 0,
                     .bias = o.bias,
                     .batch_first = o.batch_first,
                     .bidirectional = o.bidirectional},
                    o.dropout, o.dtype, o.generator) {}

RecurrentResult RNN::operator()(const Tensor& x, const Tensor& h0, const Tensor& lengths) const {
  return detail::called(*this, [&] {
    LstmResult r = run(x, {h0, {}}, lengths);
    return RecurrentResult{std::move(r.outputs), std::move(r.state.h)};
  });
}

LstmResult LSTM::operator()(const Tensor& x, const LstmState& start, const Tensor& lengths) const {
  return detail::called(*this, [&] { return run(x, start, lengths); });
}

RecurrentResult GRU::operator()(const Tensor& x, const Tensor& h0, const Tensor& lengths) const {
  return detail::called(*this, [&] {
    LstmResult r = run(x, {h0, {}}, lengths);
    return RecurrentResult{std::move(r.outputs), std::move(r.state.h)};
  });
}

LstmResult RNN::one_way(const Tensor& x, const LstmState& start, const RecurrentWeights& w,
                        const xgrad::RecurrentOptions& options) const {
  RecurrentResult r = rnn(x, start.h, w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh, nonlinearity_, options);
  return {std::move(r.outputs), {std::move(r.h), {}}};
}

LstmResult LSTM::one_way(const Tensor& x, const LstmState& start, const RecurrentWeights& w,
                         const xgrad::RecurrentOptions& options) const {
  if (w.weight_hr.defined()) return detail::projected_lstm(x, start, w, options);
  return lstm(x, start, w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh, options);
}

LstmResult GRU::one_way(const Tensor& x, const LstmState& start, const RecurrentWeights& w,
                        const xgrad::RecurrentOptions& options) const {
  RecurrentResult r = gru(x, start.h, w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh, options);
  return {std::move(r.outputs), {std::move(r.h), {}}};
}

std::string RNN::extra_repr() const {
  static constexpr const char* names[] = {"none", "relu", "sigmoid", "tanh"};
  const std::string text = RecurrentBase::extra_repr();
  if (nonlinearity_ == Activation::tanh) return text;
  return text + ", nonlinearity=" + names[static_cast<std::size_t>(nonlinearity_)];
}

}  // namespace xgrad::nn
