#include <algorithm>

#include "kernels/loops/dispatch.hpp"
#include "ops/recurrent/sizes.hpp"

// Values of sequences: the products with the inputs of all steps are one, then run the steps.

namespace xgrad::detail {

namespace {

constexpr Kernel kernels[] = {{.name = "rnn"}, {.name = "gru"}, {.name = "lstm"}};
constexpr Kernel bias_kernel = {.name = "join_bias"}, states_kernel = {.name = "states"};

/// All of b_ih, and of b_hh what is added before the cell.
Tensor joined_bias(const Operands& o, const Sizes& s, std::int64_t added) {
  const Tensor &b_ih = o[Operand::b_ih], &b_hh = o[Operand::b_hh];
  if (!b_hh.defined()) return b_ih;
  Tensor sum = new_tensor({s.width}, s.dtype);
  visit_floating(s.dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    const T *a = elements<T>(b_ih), *b = ptr<T>(b_hh);
    launch(bias_kernel, {.bytes = 3 * s.width * bytes_of<T>}, [&] {
      for (std::int64_t j = 0; j < s.width; ++j)
        ptr<T>(sum)[j] = (a ? a[j] : T(0)) + (j < added * s.hidden ? b[j] : T(0));
    });
  });
  return sum;
}

/// The last state of each row of the batch, in the batch's order.
Tensor last_states(const Sizes& s, const Tensor& start, const Tensor& states) {
  Tensor y = new_tensor({s.batch, s.hidden}, s.dtype);
  visit_floating(s.dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    launch(states_kernel, {.bytes = 2 * y.numel() * bytes_of<T>}, [&] {
      const Schedule& schedule = s.schedule;
      for (std::int64_t p = 0; p < s.batch; ++p) {
        const auto i = static_cast<std::size_t>(p);
        const std::int64_t row = schedule.order.empty() ? p : schedule.order[i], last = schedule.last[i];
        std::copy_n(last < 0 ? ptr<T>(start) + p * s.hidden : ptr<T>(states) + last * s.hidden, s.hidden,
                    ptr<T>(y) + row * s.hidden);
      }
    });
  });
  return y;
}

}  // namespace

SequenceValues sequence_values(const Operands& o, const SequenceAttributes& a) {
  const Sizes s(o, a);
  const bool is_rnn = a.kind == Recurrence::rnn;
  const Tensor x = s.of_steps(o[Operand::x]);
  const Tensor h_start = s.of_rows(o[Operand::h]), c_start = s.of_rows(o[Operand::c]);
  const Tensor h = s.of_all_steps(s.hidden);
  SequenceValues y;
  if (!is_rnn) y.gates = s.of_all_steps(s.width), y.memory = s.of_all_steps(s.hidden);
  visit_cell(a, [&](auto cell) {
    using Cell = decltype(cell);
    const Tensor bias = joined_bias(o, s, Cell::added), &b_hh = o[Operand::b_hh];
    visit_floating(s.dtype, [&](auto t) {
      using T = type_of<decltype(t)>;
      const ForwardSteps<T> steps = {
          .hidden = s.hidden,
          .h_start = ptr<T>(h_start),
          .memory_start = elements<T>(c_start),
          .bias_of_others = b_hh.defined() ? ptr<T>(b_hh) + Cell::added * s.hidden : nullptr,
          .gates = ptr<T>(is_rnn ? h : y.gates),
          .memory = elements<T>(y.memory),
          .h = ptr<T>(h)};
      const HiddenWeights<T> w = packed_weights<Cell, T>(ptr<T>(o[Operand::w_hh]), s.hidden, true);
      const PackedMatrix<T> w_ih(true, s.width, s.in, ptr<T>(o[Operand::w_ih]), s.in);
      for (const Chunk& chunk : s.chunks()) {
        gemm(false, true, chunk.rows, s.width, s.in, ptr<T>(x) + chunk.at * s.in, nullptr,
             GemmEnd<T>{.bias = elements<T>(bias), .packed = *w_ih}, steps.gates + chunk.at * s.width);
        s.launch_steps(kernels[static_cast<std::size_t>(a.kind)], chunk,
                       [&](std::int64_t first, std::int64_t last) {
                         step_forward<Cell>(chunk.runs, steps, w, first, last);
                       });
      }
    });
  });
  y.h = last_states(s, h_start, h);
  if (a.kind == Recurrence::lstm) y.c = last_states(s, c_start, y.memory);
  y.outputs = s.to_steps(h);
  return y;
}

}  // namespace xgrad::detail
