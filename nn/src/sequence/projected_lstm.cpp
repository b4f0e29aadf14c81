#include "sequence/projected_lstm.hpp"

#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::nn::detail {

LstmResult projected_lstm(const Tensor& x, const LstmState& start, const RecurrentWeights& w,
                          const xgrad::RecurrentOptions& options) {
  const std::int64_t steps = x.size(0);
  Tensor taken;  // boolean [steps, batch, 1]: what lies behind a sequence's end may hold anything
  if (options.lengths.defined())
    taken = unsqueeze(unsqueeze(arange(steps), 1) < unsqueeze(options.lengths, 0), -1);
  const Tensor read = taken.defined() ? where(taken, x, 0) : x;

  const std::vector<Tensor> gates = unbind(linear(read, w.weight_ih, w.bias_ih));
  std::vector<Tensor> outputs(gates.size());
  LstmState state = start;
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::int64_t t = options.reverse ? steps - 1 - i : i;
    const auto at = static_cast<std::size_t>(t);
    LstmState next = lstm_cell(gates[at], linear(state.h, w.weight_hh, w.bias_hh), state.c);
    next.h = linear(next.h, w.weight_hr);
    outputs[at] = taken.defined() ? where(taken[t], next.h, 0) : next.h;
    if (taken.defined()) next = {where(taken[t], next.h, state.h), where(taken[t], next.c, state.c)};
    state = std::move(next);
  }
  if (steps == 0) return {zeros({0, x.size(1), w.weight_hr.size(0)}, x.dtype()), state};
  return {stack(outputs), state};
}

}  // namespace xgrad::nn::detail
