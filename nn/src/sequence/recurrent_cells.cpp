#include "xgrad/nn/recurrent_cells.hpp"

#include "layer.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/nn/call.hpp"
#include "xgrad/nn/init.hpp"

namespace xgrad::nn {

RecurrentCell::RecurrentCell(const Form& form, DType dtype, const Generator& generator) : form_(form) {
  if (form.input_size < 0 || form.hidden_size < 0)
    throw Error(std::string(form.name) + ": sizes must not be negative: input_size = " +
                std::to_string(form.input_size) + ", hidden_size = " + std::to_string(form.hidden_size));
  detail::check_weight_dtype(form.name, dtype);
  const double bound = detail::inverse_root(form.hidden_size);
  const std::int64_t rows = form.gates * form.hidden_size;
  const auto parameter = [&](const Shape& shape) {
    return init::uniform_(detail::new_parameter(form.name, shape, dtype), -bound, bound, generator);
  };
  weight_ih = parameter({rows, form.input_size});
  weight_hh = parameter({rows, form.hidden_size});
  if (form.bias) bias_ih = parameter({rows}), bias_hh = parameter({rows});
}

void RecurrentCell::visit(Visitor& v) {
  v("weight_ih", weight_ih), v("weight_hh", weight_hh), v("bias_ih", bias_ih), v("bias_hh", bias_hh);
}

std::string RecurrentCell::extra_repr() const {
  return std::to_string(form_.input_size) + ", " + std::to_string(form_.hidden_size) +
         (form_.bias ? "" : ", bias=false");
}

void RecurrentCell::check(const Tensor& x, const Tensor& h, const Tensor& c) const {
  const std::string in = std::to_string(form_.input_size);
  if ((x.dim(form_.name) != 1 && x.dim() != 2) || x.shape().back() != form_.input_size ||
      x.dtype() != weight_ih.dtype())
    throw Error(std::string(form_.name) + ": x must be [batch, " + in + "] or [" + in +
                "], in the dtype of the weights: x is " + x.describe() + ", weight_ih is " +
                weight_ih.describe());
  Shape wanted = x.shape();
  wanted[wanted.rank() - 1] = form_.hidden_size;
  const auto check_state = [&](const std::string& what, const Tensor& state) {
    if (state.defined() && (state.shape() != wanted || state.dtype() != x.dtype()))
      throw Error(std::string(form_.name) + ": the state's " + what + " must be " + name_of(x.dtype()) +
                  wanted.str() + ": " + what + " is " + state.describe() + ", x is " + x.describe());
  };
  check_state("h", h), check_state("c", c);
}

Tensor RecurrentCell::state_of(const Tensor& state, const Tensor& x) const {
  if (!state.defined()) return zeros({x.dim() == 1 ? 1 : x.size(0), form_.hidden_size}, x.dtype());
  return x.dim() == 1 ? unsqueeze(state, 0) : state;
}

namespace {

/// x with a batch axis.
Tensor batch_of(const Tensor& x) { return x.dim() == 1 ? unsqueeze(x, 0) : x; }

/// y without the batch axis that x has not.
Tensor as_given(const Tensor& y, const Tensor& x) { return x.dim() == 1 ? squeeze(y, 0) : y; }

}  // namespace

RNNCell::RNNCell(std::int64_t input_size, std::int64_t hidden_size, RnnCellOptions o)
    : RecurrentCell({"RNNCell", input_size, hidden_size, 1, o.bias}, o.dtype, o.generator),
      nonlinearity_(o.nonlinearity) {}

LSTMCell::LSTMCell(std::int64_t input_size, std::int64_t hidden_size, RecurrentCellOptions o)
    : RecurrentCell({"LSTMCell", input_size, hidden_size, 4, o.bias}, o.dtype, o.generator) {}

GRUCell::GRUCell(std::int64_t input_size, std::int64_t hidden_size, RecurrentCellOptions o)
    : RecurrentCell({"GRUCell", input_size, hidden_size, 3, o.bias}, o.dtype, o.generator) {}

Tensor RNNCell::operator()(const Tensor& x, const Tensor& h) const {
  return detail::called(*this, [&] {
    check(x, h, {});
    const Tensor gates = linear(batch_of(x), weight_ih, bias_ih);
    const Tensor biased = bias_hh.defined() ? gates + bias_hh : gates;
    return as_given(rnn_cell(biased, state_of(h, x), weight_hh, nonlinearity_), x);
  });
}

LstmState LSTMCell::operator()(const Tensor& x, const LstmState& state) const {
  return detail::called(*this, [&] {
    check(x, state.h, state.c);
    const LstmState next = lstm_cell(batch_of(x), {state_of(state.h, x), state_of(state.c, x)}, weight_ih,
                                     weight_hh, bias_ih, bias_hh);
    return LstmState{as_given(next.h, x), as_given(next.c, x)};
  });
}

Tensor GRUCell::operator()(const Tensor& x, const Tensor& h) const {
  return detail::called(*this, [&] {
    check(x, h, {});
    return as_given(gru_cell(batch_of(x), state_of(h, x), weight_ih, weight_hh, bias_ih, bias_hh), x);
  });
}

}  // namespace xgrad::nn
