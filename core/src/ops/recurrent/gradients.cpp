#include <algorithm>

#include "kernels/loops/dispatch.hpp"
#include "ops/recurrent/sizes.hpp"
#include "ops/support/promote.hpp"
#include "tensor/workspace.hpp"
#include "xgrad/core/ops/shape.hpp"

// Gradients of sequences. The steps of a chunk, from the last to the first, make the cotangents of its gates,
// which stay in the cache while one product each adds what the gradients of the weights and of the inputs
// have of them.

namespace xgrad::detail {

namespace {

constexpr Kernel kernels[] = {{.name = "rnn_vjp"}, {.name = "gru_vjp"}, {.name = "lstm_vjp"}};
constexpr Kernel before_kernel = {.name = "states_before"}, weights_kernel = {.name = "add_weight_vjp"},
                 bias_kernel = {.name = "add_bias_vjp"};

/// A sequence on its way back.
template <class Cell, class T>
class WayBack {
 public:
  /// d holds a tensor for each operand whose gradient is wanted, of zeros where chunks add to it; those of
  /// the weights are transposed.
  WayBack(const Sizes& s, const Operands& o, Operands& d)
      : s_(s),
        o_(o),
        d_(d),
        x_(d[Operand::w_ih].defined() ? s.of_steps(o[Operand::x]) : Tensor()),
        w_hh_(packed_weights<Cell, T>(ptr<T>(o[Operand::w_hh]), s.hidden, false)) {
    if (d[Operand::x].defined())
      w_ih_ = PackedMatrix<T>(false, s.in, s.width, ptr<T>(o[Operand::w_ih]), s.in);
    for (const Chunk& chunk : s.chunks_back()) most_ = std::max(most_, chunk.rows);
    d_gates_ = Workspace<T>(most_ * s.width);
    if (others > 0) d_others_ = Workspace<T>(most_ * others * s.hidden);
    part_ = Workspace<T>(s.width);
    if (d[Operand::w_hh].defined()) before_ = Workspace<T>(most_ * s.hidden);
  }

  void run(BackwardSteps<T> steps) {
    const std::vector<Chunk> chunks = s_.chunks_back();
    steps.d_gates = d_gates_.data(), steps.d_memory = others > 0 ? d_others_.data() : nullptr;
    for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk) {
      steps.d_at = chunk->at;
      s_.launch_steps(kernel(), *chunk, [&](std::int64_t first, std::int64_t last) {
        step_backward<Cell>(chunk->runs, steps, w_hh_, first, last);
      });
      add_inputs(*chunk);
      add_weights(*chunk, steps);
      add_biases(*chunk);
    }
  }

 private:
  static constexpr std::int64_t others = Cell::gates - Cell::added;

  static const Kernel& kernel() { return kernels[Cell::gates == 1 ? 0 : Cell::gates - 2]; }

  /// dx = d_gates w_ih.
  void add_inputs(const Chunk& chunk) {
    if (!d_[Operand::x].defined()) return;
    gemm(false, false, chunk.rows, s_.in, s_.width, d_gates_.data(), nullptr, GemmEnd<T>{.packed = *w_ih_},
         ptr<T>(d_[Operand::x]) + chunk.at * s_.in);
  }

  /// dw^T += x^T d_gates, with x that of the input or of the state before. Transposed, since the product then
  /// turns the narrower operand: a third faster.
  void add_weights(const Chunk& chunk, const BackwardSteps<T>& steps) {
    if (d_[Operand::w_ih].defined())
      add_product(chunk, ptr<T>(x_) + chunk.at * s_.in, s_.in, d_gates_.data(), s_.width, s_.width,
                  ptr<T>(d_[Operand::w_ih]));
    if (!d_[Operand::w_hh].defined()) return;
    const std::int64_t n = s_.hidden;
    launch(before_kernel, {.bytes = 2 * chunk.rows * n * bytes_of<T>}, [&] {
      for (const StepRun& run : chunk.runs)
        std::copy_n(run.before(steps.h_start, steps.h, n), run.rows * n,
                    before_.data() + (run.at - chunk.at) * n);
    });
    T* dw = ptr<T>(d_[Operand::w_hh]);
    add_product(chunk, before_.data(), n, d_gates_.data(), s_.width, Cell::added * n, dw);
    if constexpr (others > 0)
      add_product(chunk, before_.data(), n, d_others_.data(), others * n, others * n, dw + Cell::added * n);
  }

  /// The columns of dw^T that belong to the first `gates` of g's.
  void add_product(const Chunk& chunk, const T* x, std::int64_t n, const T* g, std::int64_t step,
                   std::int64_t gates, T* dw) {
    const Work work = {.bytes = (chunk.rows * (gates + n) + 2 * gates * n) * bytes_of<T>,
                       .flops = 2 * gates * n * chunk.rows};
    launch(weights_kernel, work, [&] {
      multiply(MatrixProduct<T>{true, false, true, n, gates, chunk.rows, x, n, g, step, dw, s_.width});
    });
  }

  /// db += the sum of the rows of d_gates.
  void add_biases(const Chunk& chunk) {
    const std::int64_t n = s_.hidden;
    if (const Tensor& d = d_[Operand::b_ih]; d.defined())
      add_rows_of(chunk, d_gates_.data(), s_.width, s_.width, ptr<T>(d));
    if (const Tensor& d = d_[Operand::b_hh]; d.defined()) {
      add_rows_of(chunk, d_gates_.data(), s_.width, Cell::added * n, ptr<T>(d));
      if constexpr (others > 0)
        add_rows_of(chunk, d_others_.data(), others * n, others * n, ptr<T>(d) + Cell::added * n);
    }
  }

  /// sum += the rows' first n elements, which are added up by themselves before.
  void add_rows_of(const Chunk& chunk, const T* rows, std::int64_t step, std::int64_t n, T* sum) {
    launch(bias_kernel, {.bytes = (chunk.rows + 2) * n * bytes_of<T>}, [&] {
      T* part = part_.data();
      std::fill_n(part, n, T(0));
      visit_row<T>(n, [&](const auto& along) {
        for (std::int64_t i = 0; i < chunk.rows; ++i)
          for (std::int64_t j = 0; j < along.steps(); ++j)
            along.store(part, j, along.load(part, j) + along.load(rows + i * step, j));
      });
      for (std::int64_t j = 0; j < n; ++j) sum[j] += part[j];
    });
  }

  const Sizes& s_;
  const Operands& o_;
  Operands& d_;
  Tensor x_;
  HiddenWeights<T> w_hh_;
  PackedMatrix<T> w_ih_;
  std::int64_t most_ = 0;
  Workspace<T> d_gates_, d_others_, before_;
  Workspace<T> part_;  ///< of the biases' gradients
};

/// The cotangent of a last state, which the steps write over.
Tensor begun(const Sizes& s, const Tensor& g) {
  if (!g.defined()) return zeros_of({s.batch, s.hidden}, s.dtype);
  const Tensor rows = s.of_rows(g);
  return rows.node() == g.node() ? g.detach().clone() : rows;
}

}  // namespace

std::vector<Tensor> sequence_gradients(std::span<const Tensor> cotangents, const Operands& o,
                                       const SequenceValues& y, const SequenceAttributes& a) {
  const Unheard within;
  const NoGrad guard;
  const Sizes s(o, a);
  const Tensor h_start = s.of_rows(o[Operand::h]), c_start = s.of_rows(o[Operand::c]);
  const Tensor h = s.of_steps(y.outputs), dy = s.of_steps(cotangents[0]), dh = begun(s, cotangents[1]),
               dc = a.kind == Recurrence::lstm ? begun(s, cotangents[2]) : Tensor();
  Operands d;
  for (const auto place : {Operand::b_ih, Operand::b_hh})
    if (holds(a.wanted, place)) d[place] = zeros_of({s.width}, s.dtype);
  for (const auto place : {Operand::w_ih, Operand::w_hh})
    if (holds(a.wanted, place)) d[place] = zeros_of({o[place].size(1), s.width}, s.dtype);
  if (holds(a.wanted, Operand::x)) d[Operand::x] = s.of_all_steps(s.in);
  visit_cell(a, [&](auto cell) {
    visit_floating(s.dtype, [&](auto t) {
      using T = type_of<decltype(t)>;
      WayBack<decltype(cell), T>(s, o, d).run({.hidden = s.hidden,
                                               .h_start = ptr<T>(h_start),
                                               .memory_start = elements<T>(c_start),
                                               .gates = elements<T>(y.gates),
                                               .memory = elements<T>(y.memory),
                                               .h = ptr<T>(h),
                                               .dy = elements<T>(dy),
                                               .d_at = 0,
                                               .d_gates = nullptr,
                                               .d_memory = nullptr,
                                               .dh = ptr<T>(dh),
                                               .dc = elements<T>(dc)});
    });
  });
  for (const auto place : {Operand::w_ih, Operand::w_hh})
    if (holds(a.wanted, place)) d[place] = transpose(d[place], 0, 1);
  if (holds(a.wanted, Operand::x)) d[Operand::x] = s.to_steps(d[Operand::x]);
  if (holds(a.wanted, Operand::h)) d[Operand::h] = s.to_rows(dh);
  if (holds(a.wanted, Operand::c)) d[Operand::c] = s.to_rows(dc);
  std::vector<Tensor> wanted;
  for (std::size_t place = 0; place < Operand::count; ++place)
    if (holds(a.wanted, place)) wanted.push_back(std::move(d[place]));
  return wanted;
}

}  // namespace xgrad::detail
