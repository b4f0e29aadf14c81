#include <algorithm>

#include "kernels/loops/dispatch.hpp"
#include "ops/recurrent/sizes.hpp"
#include "ops/support/promote.hpp"
#include "tensor/workspace.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

// Gradients of sequences: the steps from the last to the first make the cotangents of all gates, from which
// one product each makes the gradients of the weights and of the inputs.

namespace xgrad::detail {

namespace {

constexpr Kernel kernels[] = {{.name = "rnn_vjp"}, {.name = "gru_vjp"}, {.name = "lstm_vjp"}};
constexpr Kernel before_kernel = {.name = "states_before"}, weights_kernel = {.name = "hidden_weights_vjp"};

/// A sequence on its way back.
class WayBack {
 public:
  WayBack(std::span<const Tensor> cotangents, const Operands& o, const SequenceValues& y,
          const SequenceAttributes& a);

  /// Of an operand.
  Tensor gradient(std::size_t place);

 private:
  void make_steps(const Tensor& dy, const SequenceValues& y);
  Tensor begun(const Tensor& g) const;
  Tensor of_inputs() const;
  Tensor of_input_weights() const;
  Tensor of_hidden_weights() const;
  Tensor of_bias();
  Tensor of_hidden_bias();

  const Operands& o_;
  const SequenceAttributes& a_;
  Sizes s_;
  Tensor h_start_, c_start_, h_;
  Tensor dh_, dc_, d_gates_;
  Tensor d_others_;  ///< of a GRU's third gate, as h sees it
  Tensor d_bias_;
};

WayBack::WayBack(std::span<const Tensor> cotangents, const Operands& o, const SequenceValues& y,
                 const SequenceAttributes& a)
    : o_(o),
      a_(a),
      s_(o, a),
      h_start_(s_.of_rows(o[Operand::h])),
      c_start_(s_.of_rows(o[Operand::c])),
      h_(s_.of_steps(y.outputs)),
      dh_(begun(cotangents[1])),
      dc_(a.kind == Recurrence::lstm ? begun(cotangents[2]) : Tensor()),
      d_gates_(new_tensor({s_.schedule.total, s_.width}, s_.dtype)),
      d_others_(a.kind == Recurrence::gru ? new_tensor({s_.schedule.total, s_.hidden}, s_.dtype) : Tensor()) {
  make_steps(s_.of_steps(cotangents[0]), y);
}

/// The cotangent of a last state, which the steps write over.
Tensor WayBack::begun(const Tensor& g) const {
  if (!g.defined()) return zeros_of({s_.batch, s_.hidden}, s_.dtype);
  const Tensor rows = s_.of_rows(g);
  return rows.node() == g.node() ? g.detach().clone() : rows;
}

void WayBack::make_steps(const Tensor& dy, const SequenceValues& y) {
  visit_cell(a_, [&](auto cell) {
    using Cell = decltype(cell);
    visit_floating(s_.dtype, [&](auto t) {
      using T = type_of<decltype(t)>;
      const BackwardSteps<T> steps = {.hidden = s_.hidden,
                                      .h_start = ptr<T>(h_start_),
                                      .memory_start = elements<T>(c_start_),
                                      .gates = elements<T>(y.gates),
                                      .memory = elements<T>(y.memory),
                                      .h = ptr<T>(h_),
                                      .dy = elements<T>(dy),
                                      .d_gates = ptr<T>(d_gates_),
                                      .d_memory = elements<T>(d_others_),
                                      .dh = ptr<T>(dh_),
                                      .dc = elements<T>(dc_)};
      const HiddenWeights<T> w = packed_weights<Cell, T>(ptr<T>(o_[Operand::w_hh]), s_.hidden, false);
      s_.launch_steps(kernels[static_cast<std::size_t>(a_.kind)], [&](std::int64_t first, std::int64_t last) {
        step_backward<Cell>(s_.schedule, steps, w, first, last);
      });
    });
  });
}

Tensor WayBack::gradient(std::size_t place) {
  switch (place) {
    case Operand::x:
      return of_inputs();
    case Operand::h:
      return s_.to_rows(dh_);
    case Operand::c:
      return s_.to_rows(dc_);
    case Operand::w_ih:
      return of_input_weights();
    case Operand::w_hh:
      return of_hidden_weights();
    case Operand::b_ih:
      return of_bias();
    default:
      return of_hidden_bias();
  }
}

Tensor WayBack::of_inputs() const {
  const Tensor dx = s_.of_all_steps(s_.in);
  visit_floating(s_.dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    gemm(false, false, s_.schedule.total, s_.in, s_.width, ptr<T>(d_gates_), ptr<T>(o_[Operand::w_ih]), false,
         ptr<T>(dx));
  });
  return s_.to_steps(dx);
}

Tensor WayBack::of_input_weights() const {
  const Tensor x = s_.of_steps(o_[Operand::x]);
  Tensor d = new_tensor({s_.width, s_.in}, s_.dtype);
  visit_floating(s_.dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    gemm(true, false, s_.width, s_.in, s_.schedule.total, ptr<T>(d_gates_), ptr<T>(x), false, ptr<T>(d));
  });
  return d;
}

/// The states before all steps, below each other.
template <class T>
Workspace<T> states_before(const Sizes& s, const T* start, const T* states) {
  Workspace<T> before(s.schedule.total * s.hidden);
  launch(before_kernel, {.bytes = 2 * s.schedule.total * s.hidden * bytes_of<T>}, [&] {
    for (const Run& run : s.schedule.runs)
      std::copy_n(run.before(start, states, s.hidden), run.rows * s.hidden,
                  before.data() + run.at * s.hidden);
  });
  return before;
}

Tensor WayBack::of_hidden_weights() const {
  const std::int64_t n = s_.hidden, total = s_.schedule.total;
  Tensor d = new_tensor({s_.width, n}, s_.dtype);
  visit_floating(s_.dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    const Workspace<T> before = states_before(s_, ptr<T>(h_start_), ptr<T>(h_));
    const auto rows = [&](std::int64_t first, std::int64_t count, const T* cotangents, std::int64_t step) {
      const Work work = {.bytes = (total * (count + n) + count * n) * bytes_of<T>,
                         .flops = 2 * count * n * total};
      launch(weights_kernel, work, [&] {
        multiply(MatrixProduct<T>{true, false, false, count, n, total, cotangents, step, before.data(), n,
                                  ptr<T>(d) + first * n, n});
      });
    };
    const std::int64_t others = d_others_.defined() ? n : 0;
    rows(0, s_.width - others, ptr<T>(d_gates_), s_.width);
    if (others > 0) rows(s_.width - others, others, ptr<T>(d_others_), others);
  });
  return d;
}

/// What both biases have, once.
Tensor WayBack::of_bias() {
  if (!d_bias_.defined()) d_bias_ = sum(d_gates_, 0);
  return d_bias_.clone();
}

Tensor WayBack::of_hidden_bias() {
  if (!d_others_.defined()) return of_bias();
  return cat({narrow(of_bias(), 0, 0, s_.width - s_.hidden), sum(d_others_, 0)});
}

}  // namespace

std::vector<Tensor> sequence_gradients(std::span<const Tensor> cotangents, const Operands& o,
                                       const SequenceValues& y, const SequenceAttributes& a) {
  const Unheard within;
  const NoGrad guard;
  WayBack back(cotangents, o, y, a);
  std::vector<Tensor> d;
  for (std::size_t place = 0; place < Operand::count; ++place)
    if (holds(a.wanted, place)) d.push_back(back.gradient(place));
  return d;
}

}  // namespace xgrad::detail
