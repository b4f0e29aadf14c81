#include "ops/activation/activated.hpp"
#include "ops/recurrent/sequence.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad::detail {

namespace {

Tensor activated(const Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return relu(x);
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::tanh:
      return tanh(x);
    default:
      return x;
  }
}

LstmState next_state(const SequenceAttributes& a, const Tensor& input_gates, const Tensor& hidden_gates,
                     const LstmState& s) {
  if (a.kind == Recurrence::lstm) return lstm_cell(input_gates, hidden_gates, s.c);
  if (a.kind == Recurrence::gru) return {gru_cell(input_gates, hidden_gates, s.h), {}};
  return {activated(input_gates + hidden_gates, a.activation), {}};
}

}  // namespace

std::vector<Tensor> composed_sequence(const Operands& o, const SequenceAttributes& a) {
  Tensor x = o[Operand::x], active;
  const std::int64_t steps = x.size(0);
  std::vector<Tensor> now;  // which rows take a step
  if (const Tensor& lengths = o[Operand::lengths]; lengths.defined()) {
    active = unsqueeze(gt(unsqueeze(lengths, 0), unsqueeze(arange(steps), 1)), 2);
    x = where(active, x, zeros_like(x));  // so that not even a nan behind the end has an effect
    now = unbind(active);
  }
  const std::vector<Tensor> gates = unbind(linear(x, o[Operand::w_ih], o[Operand::b_ih]));
  std::vector<Tensor> outputs(gates.size());
  LstmState state{o[Operand::h], o[Operand::c]};
  for (std::size_t s = 0; s < gates.size(); ++s) {
    const std::size_t t = a.reverse ? gates.size() - 1 - s : s;
    LstmState next = next_state(a, gates[t], linear(state.h, o[Operand::w_hh], o[Operand::b_hh]), state);
    outputs[t] = next.h;
    if (active.defined()) {
      outputs[t] = where(now[t], next.h, zeros_like(next.h));
      next.h = where(now[t], next.h, state.h);
      if (state.c.defined()) next.c = where(now[t], next.c, state.c);
    }
    state = next;
  }
  const Shape none = {0, state.h.size(0), state.h.size(1)};
  std::vector<Tensor> all = {outputs.empty() ? zeros(none, {.dtype = x.dtype()}) : stack(outputs), state.h};
  if (a.kind == Recurrence::lstm) all.push_back(state.c);
  return all;
}

}  // namespace xgrad::detail
