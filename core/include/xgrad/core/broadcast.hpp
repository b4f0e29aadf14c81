#pragma once

#include <algorithm>
#include <array>

#include "xgrad/core/shape.hpp"

namespace xgrad::detail {

/// How to walk N operands over a broadcast shape: axes that run on together are merged, so that what is left
/// is mostly one inner loop, or an outer and an inner one. A stride of 0 repeats an operand.
template <int N>
struct Walker {
  int rank = 0;  ///< of the merged shape; at least 1
  std::int64_t size[Shape::max_rank] = {};
  std::int64_t stride[N][Shape::max_rank] = {};

  Walker(const Shape& out, std::array<const Shape*, N> operands) {
    std::int64_t step[N];
    for (int k = 0; k < N; ++k) step[k] = 1;
    // From the last axis to the first; [0] of the arrays is the innermost axis.
    for (int i = 0; i < out.rank(); ++i) {
      const std::int64_t n = out[out.rank() - 1 - i];
      std::int64_t s[N];
      for (int k = 0; k < N; ++k) {
        const Shape& x = *operands[static_cast<std::size_t>(k)];
        const std::int64_t m = i < x.rank() ? x[x.rank() - 1 - i] : 1;
        s[k] = m == 1 ? 0 : step[k];
        step[k] *= m;
      }
      if (n != 1) push(n, s);
    }
    if (rank == 0) size[0] = 1, rank = 1;
  }

  /// Calls f(offset of the first element in the output, {offsets in the operands}) for each inner loop.
  template <class F>
  void each_inner(F&& f) const {
    std::array<std::int64_t, N> at = {};
    std::int64_t index[Shape::max_rank] = {};
    std::int64_t loops = 1;
    for (int i = 0; i < rank; ++i) loops *= size[i];
    if (loops == 0) return;
    loops /= size[0];
    for (std::int64_t loop = 0;;) {
      f(loop * size[0], at);
      if (++loop == loops) return;
      for (int i = 1; i < rank; ++i) {
        for (int k = 0; k < N; ++k) at[static_cast<std::size_t>(k)] += stride[k][i];
        if (++index[i] < size[i]) break;
        for (int k = 0; k < N; ++k) at[static_cast<std::size_t>(k)] -= stride[k][i] * size[i];
        index[i] = 0;
      }
    }
  }

  /// Elements of the output.
  std::int64_t numel() const {
    std::int64_t n = 1;
    for (int i = 0; i < rank; ++i) n *= size[i];
    return n;
  }

  /// The same for the elements [first, last) of the output: calls f(offset of the first, {offsets in the
  /// operands}, count) for each inner loop, and for the part of one at either end.
  template <class F>
  void each_run(std::int64_t first, std::int64_t last, F&& f) const {
    if (first >= last) return;
    std::array<std::int64_t, N> at = {};
    std::int64_t index[Shape::max_rank] = {};
    std::int64_t rest = first;
    for (int i = 0; i < rank; rest /= size[i++]) {
      index[i] = rest % size[i];
      for (int k = 0; k < N; ++k) at[static_cast<std::size_t>(k)] += stride[k][i] * index[i];
    }
    for (std::int64_t skipped = index[0];; skipped = 0) {
      const std::int64_t count = std::min(size[0] - skipped, last - first);
      f(first, at, count);
      first += count;
      if (first >= last) return;
      for (int k = 0; k < N; ++k) at[static_cast<std::size_t>(k)] -= stride[k][0] * skipped;
      for (int i = 1; i < rank; ++i) {
        for (int k = 0; k < N; ++k) at[static_cast<std::size_t>(k)] += stride[k][i];
        if (++index[i] < size[i]) break;
        for (int k = 0; k < N; ++k) at[static_cast<std::size_t>(k)] -= stride[k][i] * size[i];
        index[i] = 0;
      }
    }
  }

 private:
  void push(std::int64_t n, const std::int64_t (&s)[N]) {
    bool runs_on = rank > 0;
    for (int k = 0; k < N && runs_on; ++k) runs_on = s[k] == stride[k][rank - 1] * size[rank - 1];
    if (runs_on) {
      size[rank - 1] *= n;
      return;
    }
    size[rank] = n;
    for (int k = 0; k < N; ++k) stride[k][rank] = s[k];
    ++rank;
  }
};

}  // namespace xgrad::detail
