#pragma once

#include "kernels/products/packed.hpp"
#include "kernels/recurrent/cells.hpp"
#include "kernels/recurrent/schedule.hpp"

// The steps of a recurrent layer, forward and back. Rows of a batch do not see each other, so a part of them
// goes through all steps by itself.

namespace xgrad::detail {

/// The recurrent weights of a cell, packed once for all steps: of the gates to which their products are added
/// before the cell, and of the others.
template <class T>
struct HiddenWeights {
  PackedMatrix<T> added, others;
};

template <class Cell, class T>
HiddenWeights<T> packed_weights(const T* w_hh, std::int64_t hidden, bool transposed) {
  constexpr std::int64_t others = Cell::gates - Cell::added;
  const auto pack = [&](std::int64_t first, std::int64_t gates) {
    const std::int64_t rows = gates * hidden;
    const T* w = w_hh + first * hidden * hidden;
    return transposed ? PackedMatrix<T>(true, rows, hidden, w, hidden)
                      : PackedMatrix<T>(false, hidden, rows, w, hidden);
  };
  return {pack(0, Cell::added), others > 0 ? pack(Cell::added, others) : PackedMatrix<T>()};
}

/// What forward steps read and write, all but `start` for all rows of all steps; before them, `gates` holds
/// what comes from the input.
template <class T>
struct ForwardSteps {
  std::int64_t hidden;
  const T *h_start, *memory_start;
  const T* bias_of_others;  ///< may be null
  T *gates, *memory, *h;
};

/// Some steps of the rows [first, last) of the batch.
template <class Cell, class T>
void step_forward(std::span<const StepRun> runs, const ForwardSteps<T>& s, const HiddenWeights<T>& w,
                  std::int64_t first, std::int64_t last) {
  constexpr std::int64_t others = Cell::gates - Cell::added;
  const std::int64_t n = s.hidden, width = Cell::gates * n;
  visit_row<T>(n, [&](const auto& along) {
    for (const StepRun& whole : runs) {
      const StepRun run = whole.within(first, last);
      if (run.rows == 0) continue;
      const T* h_before = run.before(s.h_start, s.h, n);
      T *gates = s.gates + run.at * width, *memory = shifted(s.memory, run.at * n);
      MatrixProduct<T> p{false,    true, true,    run.rows, Cell::added * n, n,
                         h_before, n,    nullptr, n,        gates,           width};
      p.packed = *w.added;
      multiply(p);
      if constexpr (others > 0) {
        p.add = false, p.n = others * n, p.c = memory, p.ldc = n;
        p.bias = s.bias_of_others, p.packed = *w.others;
        multiply(p);
      }
      Cell::forward(along, CellRows<T>{run.rows, gates, memory, s.h + run.at * n, h_before,
                                       run.before(s.memory_start, s.memory, n)});
    }
  });
}

/// What the way back reads and writes. dh[batch, hidden] and dc come as the cotangents of the states behind
/// the runs and go as those before them; d_memory is what d_gates has of a GRU's third gate, as h sees it.
template <class T>
struct BackwardSteps {
  std::int64_t hidden;
  const T *h_start, *memory_start, *gates, *memory, *h, *dy;
  std::int64_t d_at;  ///< the row of all that is row 0 of d_gates and d_memory
  T *d_gates, *d_memory, *dh, *dc;
};

/// The same, from the last run to the first.
template <class Cell, class T>
void step_backward(std::span<const StepRun> runs, const BackwardSteps<T>& s, const HiddenWeights<T>& w,
                   std::int64_t first, std::int64_t last) {
  constexpr std::int64_t others = Cell::gates - Cell::added;
  const std::int64_t n = s.hidden, width = Cell::gates * n;
  visit_row<T>(n, [&](const auto& along) {
    for (auto whole = runs.rbegin(); whole != runs.rend(); ++whole) {
      const StepRun run = whole->within(first, last);
      if (run.rows == 0) continue;
      const std::int64_t at = run.at * n, d_at = run.at - s.d_at;
      T *d_gates = s.d_gates + d_at * width, *d_memory = shifted(s.d_memory, d_at * n),
        *dh = s.dh + run.row * n;
      Cell::backward(
          along, CellSlopes<T>{run.rows, shifted(s.gates, run.at * width), shifted(s.memory, at), s.h + at,
                               run.before(s.h_start, s.h, n), run.before(s.memory_start, s.memory, n),
                               shifted(s.dy, at), d_gates, d_memory, dh, shifted(s.dc, run.row * n)});
      MatrixProduct<T> p{false,   false, others > 0, run.rows, n,  Cell::added * n,
                         d_gates, width, nullptr,    n,        dh, n};
      p.packed = *w.added;
      multiply(p);
      if constexpr (others > 0) {
        p.k = others * n, p.a = d_memory, p.lda = n, p.packed = *w.others;
        multiply(p);
      }
    }
  });
}

}  // namespace xgrad::detail
