#pragma once

#include <algorithm>

#include "kernels/blas/blas.hpp"
#include "kernels/loops/work.hpp"
#include "kernels/recurrent/steps.hpp"
#include "ops/recurrent/sequence.hpp"
#include "tensor/node.hpp"

// What values and gradients of sequences have in common.

namespace xgrad::detail {

/// The sizes of a sequence, and the order in which it goes.
struct Sizes {
  std::int64_t steps, batch, in, hidden, width;  ///< width: of all gates
  DType dtype;
  Schedule schedule;

  Sizes(const Operands& o, const SequenceAttributes& a);

  /// Rows of all steps, as they lie in x where all rows take all steps.
  Tensor of_all_steps(std::int64_t columns) const;
  Tensor of_steps(const Tensor& x) const { return taken(x, schedule.places); }
  Tensor of_rows(const Tensor& x) const { return taken(x, schedule.order); }
  /// The way back: of x[steps, batch, ...] and of states; what takes no step is 0.
  Tensor to_steps(const Tensor& x) const { return put(x, {steps, batch, x.size(-1)}, schedule.places); }
  Tensor to_rows(const Tensor& x) const { return put(x, {batch, x.size(-1)}, schedule.order); }

  /// The steps in parts of which the gates stay in the cache while they are made and used.
  std::vector<Chunk> chunks() const { return schedule.chunks(rows_of_chunk()); }
  /// The same for the way back, where each part is added to the gradients of the weights too.
  std::vector<Chunk> chunks_back() const { return schedule.chunks(2 * rows_of_chunk()); }

  /// The door of the steps of a chunk, `f(first, last)` for rows of the batch: for all at once, or for parts
  /// that go through the steps by themselves.
  template <class F>
  void launch_steps(const Kernel& kernel, const Chunk& chunk, const F& f) const {
    constexpr std::int64_t unit = 8;
    const std::int64_t products = chunk.rows * width * hidden, threads = free_threads();
    std::int64_t part = std::max<std::int64_t>(rows_of_chunk(), 64);
    if (threads > 1 && products >= large_product && batch >= unit * threads)
      part = std::min(part, (batch + threads - 1) / threads);
    const Work work = {.bytes = chunk.rows * (2 * width + 4 * hidden) * size_of(dtype),
                       .flops = 2 * products};
    launch(kernel, work, batch, (part + unit - 1) / unit * unit, f);
  }

 private:
  /// So many that their gates fit the L2 cache beside the weights, and where the weights do not, so many that
  /// reading these for them pays.
  std::int64_t rows_of_chunk() const {
    const std::int64_t in_cache = (std::int64_t{1} << 15) / std::max<std::int64_t>(width, 1),
                       for_weights = std::min<std::int64_t>(width * hidden >> 10, 256);
    return std::max<std::int64_t>({in_cache, for_weights, 8});
  }
  bool whole() const { return schedule.order.empty(); }
  Tensor taken(const Tensor& x, const std::vector<std::int64_t>& places) const;
  Tensor put(const Tensor& x, const Shape& shape, const std::vector<std::int64_t>& places) const;
};

/// Calls f(cell).
template <class F>
void visit_cell(const SequenceAttributes& a, F f) {
  if (a.kind == Recurrence::lstm) return f(LstmCell());
  if (a.kind == Recurrence::gru) return f(GruCell());
  switch (a.activation) {
    case Activation::relu:
      return f(RnnCell<Rectified>());
    case Activation::sigmoid:
      return f(RnnCell<Sigmoid>());
    case Activation::tanh:
      return f(RnnCell<Tanh>());
    default:
      return f(RnnCell<Same>());
  }
}

/// Null where x is undefined.
template <class T>
T* elements(const Tensor& x) {
  return x.defined() ? ptr<T>(x) : nullptr;
}

}  // namespace xgrad::detail
