#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include "kernels/loops/layout.hpp"
#include "kernels/loops/short_copy.hpp"
#include "xgrad/core/broadcast.hpp"
#include "xgrad/core/launch.hpp"

// Operands that are broadcast, as runs for flat loops. Where the shapes make for short runs, as [n, 10] with
// [n, 1] does, a block of each operand that does not run on by itself is expanded into the nearest cache, so
// that a loop has about a thousand elements to go.

namespace xgrad::detail {

/// Elements at[0], at[step], ...; the step is 0 or 1.
template <class T>
struct Run {
  const T* at;
  std::int64_t step;
};

/// A kernel over runs, as it is heard.
struct RunKernel {
  const Kernel& elementwise;  ///< where all operands have the output's shape
  const Kernel& broadcast;    ///< where some are repeated
  std::int64_t bytes;  ///< for each element of the output: of that, and of what else runs along with it

  template <int N>
  const Kernel& of(const Walker<N>& walk) const {
    bool runs_on = walk.rank == 1;
    for (int k = 0; k < N; ++k) runs_on = runs_on && (walk.stride[k][0] == 1 || walk.size[0] == 1);
    return runs_on ? elementwise : broadcast;
  }
  /// What is read of operands with elements of these sizes, repeated ones once, and the rest.
  template <int N>
  Work work(const Walker<N>& walk, const std::int64_t (&sizes)[N]) const {
    Work all = {.bytes = walk.numel() * bytes};
    for (int k = 0; k < N; ++k) {
      std::int64_t n = sizes[k];
      for (int i = 0; i < walk.rank; ++i)
        if (walk.stride[k][i] != 0) n *= walk.size[i];
      all.bytes += n;
    }
    return all;
  }
};

inline constexpr std::int64_t expanded_elements = 1024;  ///< of one operand, at most

/// How a walk is cut into blocks of up to so many elements: the `inner` elements of its first `axes` axes, so
/// many entries of the next one.
struct BlockCut {
  int axes = 1;
  std::int64_t inner, entries, step, blocks;  ///< entries of that axis, those in a block, all blocks

  template <int N>
  explicit BlockCut(const Walker<N>& walk) : inner(walk.size[0]) {
    while (axes + 1 < walk.rank && inner * walk.size[axes] <= expanded_elements) inner *= walk.size[axes++];
    entries = walk.size[axes];
    step = std::clamp<std::int64_t>(expanded_elements / inner, 1, entries);
    blocks = walk.numel() / (inner * entries) * ((entries + step - 1) / step);
  }
};

/// One operand of a walk, a block at a time.
template <class T>
class Expanded {
 public:
  /// `room` is for expanded_elements of it.
  Expanded(const T* x, const std::int64_t* stride, const std::int64_t* size, const BlockCut& cut, void* room)
      : x_(x), stride_(stride), size_(size), cut_(cut), elements_(static_cast<T*>(room)) {
    std::int64_t step = 1;
    for (int i = 0; i <= cut.axes; step *= size[i++]) {
      runs_on_ = runs_on_ && stride[i] == step;
      stays_ = stays_ && stride[i] == 0;
    }
  }

  /// The elements of `count` entries, from this place in the operand on.
  Run<T> run(std::int64_t from, std::int64_t count) {
    if (runs_on_ || stays_) return {x_ + from, runs_on_};
    if (from != from_ || count > count_) {  // repeated blocks are expanded once
      LayoutCopy copy;
      copy.axis(count, cut_.inner, stride_[cut_.axes]);
      std::int64_t to = cut_.inner;
      for (int i = cut_.axes - 1; i >= 0; --i) copy.axis(size_[i], to /= size_[i], stride_[i]);
      copy.run_as(elements_, x_ + from);
      from_ = from, count_ = count;
    }
    return {elements_, 1};
  }

 private:
  const T* x_;
  const std::int64_t *stride_, *size_;
  const BlockCut& cut_;
  bool runs_on_ = true, stays_ = true;
  T* elements_;
  std::int64_t from_ = -1, count_ = 0;  // what they are
};

/// f of the blocks [first, last) of a walk.
template <std::size_t... k, class F, class... T>
void each_expanded_block(std::index_sequence<k...>, const Walker<sizeof...(T)>& walk, const BlockCut& cut,
                         const F& f, std::int64_t first, std::int64_t last, const T*... x) {
  alignas(64) std::byte room[sizeof...(T)][expanded_elements * sizeof(std::int64_t)];
  std::tuple<Expanded<T>...> operands(Expanded<T>(x, walk.stride[k], walk.size, cut, room[k])...);
  const std::int64_t cuts = (cut.entries + cut.step - 1) / cut.step;
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t entry = block % cuts * cut.step, count = std::min(cut.step, cut.entries - entry);
    std::int64_t from[] = {entry * walk.stride[k][cut.axes]...}, rest = block / cuts;
    for (int i = cut.axes + 1; i < walk.rank; rest /= walk.size[i++])
      ((from[k] += rest % walk.size[i] * walk.stride[k][i]), ...);
    f((block / cuts * cut.entries + entry) * cut.inner, count * cut.inner,
      std::get<k>(operands).run(from[k], count)...);
  }
}

/// each_run where runs are short and many.
template <class F, class... T>
[[gnu::noinline]] void each_expanded(const RunKernel& kernel, const Walker<sizeof...(T)>& walk, const F& f,
                                     const T*... x) {
  const BlockCut cut(walk);
  if (runs_unheard(walk.numel()))
    return each_expanded_block(std::index_sequence_for<T...>(), walk, cut, f, 0, cut.blocks, x...);
  const bool large = walk.numel() > large_work;
  launch(kernel.of(walk), kernel.work(walk, {std::int64_t{sizeof(T)}...}), cut.blocks,
         large ? std::max<std::int64_t>(block_elements / (cut.step * cut.inner), 1) : cut.blocks,
         [=](std::int64_t first, std::int64_t last) {
           each_expanded_block(std::index_sequence_for<T...>(), walk, cut, f, first, last, x...);
         });
}

/// each_run at the door.
template <class F, class... T>
[[gnu::cold, gnu::noinline]] void launch_runs(const RunKernel& kernel, const Walker<sizeof...(T)>& walk,
                                              std::int64_t n, const F& f, const T*... x) {
  launch(kernel.of(walk), kernel.work(walk, {std::int64_t{sizeof(T)}...}), n,
         n > large_work ? block_elements : n, [=](std::int64_t first, std::int64_t last) {
           walk.each_run(first, last, [&](std::int64_t at, const auto& from, std::int64_t count) {
             [&]<std::size_t... k>(std::index_sequence<k...>) {
               f(at, count, Run<T>{x + from[k], walk.stride[k][0]}...);
             }
             (std::index_sequence_for<T...>());
           });
         });
}

/// Calls f(number of the first element in the output, count, a Run of each operand) for runs that make up the
/// output.
template <class F, class... T>
void each_run(const RunKernel& kernel, const Walker<sizeof...(T)>& walk, const F& f, const T*... x) {
  constexpr std::int64_t bytes = std::max({static_cast<std::int64_t>(sizeof(T))...}), many_runs = 48;
  const std::int64_t n = walk.numel();
  if (walk.size[0] * bytes <= longest_short_copy && n > many_runs * walk.size[0]) [[unlikely]]
    return each_expanded(kernel, walk, f, x...);
  const auto run = [&](std::int64_t at, const auto& from, std::int64_t count) {
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      f(at, count, Run<T>{x + from[k], walk.stride[k][0]}...);
    }
    (std::index_sequence_for<T...>());
  };
  if (!runs_unheard(n)) [[unlikely]]
    return launch_runs(kernel, walk, n, f, x...);
  walk.each_inner([&](std::int64_t at, const auto& from) { run(at, from, walk.size[0]); });
}

}  // namespace xgrad::detail
