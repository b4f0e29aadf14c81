#include "fuse/fuse_passes.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "tensor/few.hpp"
#include "xgrad/core/broadcast.hpp"
#include "xgrad/core/launch.hpp"

namespace xgrad::detail::fusing {
namespace {

constexpr Kernel values_kernel = {.name = "fused", .elementwise = true},
                 broadcast_kernel = {.name = "fused_broadcast"},
                 gradients_kernel = {.name = "fused_backward", .elementwise = true},
                 broadcast_gradients_kernel = {.name = "fused_backward_broadcast"};

/// The door of a pass over n elements whose blocks lie inside: f().
template <class F>
[[gnu::cold]] void launch_whole(const Kernel& kernel, std::int64_t bytes, std::int64_t n, const F& f) {
  n = std::max<std::int64_t>(n, 1);  // of none, a gradient may still be a sum: 0
  launch(kernel, {.bytes = bytes}, n, n, [&](std::int64_t, std::int64_t) { f(); });
}

template <class T>
T* elements(const Tensor& x) {
  return static_cast<T*>(x.node()->data);
}

/// body(walker) over the shape, with room for at least as many operands; the last one stands for the rest.
template <class Body>
void with_walker(const Shape& shape, std::span<const Shape* const> operands, const Body& body) {
  const auto walk = [&]<int room>() {
    std::array<const Shape*, room> all;
    all.fill(operands.back());
    std::copy(operands.begin(), operands.end(), all.begin());
    body(Walker<room>(shape, all));
  };
  if (operands.size() == 1) return walk.template operator()<1>();
  if (operands.size() <= 2) return walk.template operator()<2>();
  if (operands.size() == 3) return walk.template operator()<3>();
  if (operands.size() <= 4) return walk.template operator()<4>();
  if (operands.size() <= most_operands + 1) return walk.template operator()<int{most_operands + 1}>();
  walk.template operator()<int{most + 1}>();
}

/// body(first, last) for blocks of n elements on several threads.
template <class Body>
void each_block(std::int64_t n, std::int64_t size, const Body& body) {
  if (n <= large_work)
    body(std::int64_t{0}, n);
  else
    parallel_for(n, size, body);
}

/// From an inner loop over whole batches, loop(n, x, y), one over any number of elements. Those behind the
/// last whole batch are copied and go through the same code, so that no element's result depends on where it
/// stands; in the rest of their batch the operand `zeros` is 0, and the others repeat an element. Of y, null
/// means none.
template <class T, class Loop>
void by_batches(std::int64_t count, std::int64_t width, std::span<Lane<T>> x, std::span<T* const> y,
                std::size_t zeros, const Loop& loop) {
  constexpr std::size_t room = widest / sizeof(T);
  alignas(widest) T in[most + 1][room], out[most][room];
  for (std::size_t k = 0; k < x.size(); ++k)
    if (x[k].step == 0) {
      std::fill_n(in[k], width, *x[k].at);
      x[k].at = in[k];
    }
  const std::int64_t left = count % width, whole = count - left;
  if (whole > 0) loop(whole, x.data(), y.data());
  if (left == 0) return;

  for (std::size_t k = 0; k < x.size(); ++k) {
    if (x[k].step != 0)
      for (std::int64_t j = 0; j < width; ++j) in[k][j] = x[k].at[whole + std::min(j, left - 1)];
    if (k == zeros) std::fill(in[k] + left, in[k] + width, T(0));
    x[k].at = in[k];
  }
  std::array<T*, most> rest;
  for (std::size_t k = 0; k < y.size(); ++k) {
    rest[k] = y[k] ? out[k] : nullptr;
    if (y[k]) std::copy_n(y[k] + whole, left, out[k]);
  }
  loop(width, x.data(), rest.data());
  for (std::size_t k = 0; k < y.size(); ++k)
    if (y[k]) std::copy_n(out[k], left, y[k] + whole);
}

/// The gradient of an input that was broadcast, summed over the axes along which it was repeated: in short
/// runs in T, and the runs in double.
template <class T>
class Repeated {
 public:
  explicit Repeated(std::int64_t n)
      : run_(static_cast<std::size_t>(n), T(0)), total_(static_cast<std::size_t>(n), 0.0) {}

  /// Where an inner loop adds to the elements.
  T* run() { return run_.data(); }
  /// An inner loop has added n elements.
  void added(std::int64_t n) {
    added_ += n;
    if (added_ >= 64 * static_cast<std::int64_t>(run_.size())) end_run();
  }
  void add(std::int64_t i, double sum) { total_[static_cast<std::size_t>(i)] += sum; }
  /// The sums of all blocks together.
  static void store(std::vector<Repeated>& blocks, T* to) {
    for (Repeated& r : blocks) r.end_run();
    for (std::size_t i = 0; i < blocks[0].total_.size(); ++i) {
      double sum = 0;
      for (const Repeated& r : blocks) sum += r.total_[i];
      to[i] = static_cast<T>(sum);
    }
  }

 private:
  void end_run() {
    for (std::size_t i = 0; i < run_.size(); ++i)
      total_[i] += static_cast<double>(std::exchange(run_[i], T(0)));
    added_ = 0;
  }

  std::vector<T> run_;
  std::vector<double> total_;
  std::int64_t added_ = 0;  // since the last run ended
};

}  // namespace

template <class T>
void run_values(const Loops<T>& loops, const void* f, std::span<const Tensor* const> x, const Tensor& o) {
  const std::size_t n = x.size();
  if (longest_unheard == 0) [[unlikely]] {
    std::int64_t read = 0;
    bool same = true;
    for (const Tensor* t : x) read += t->numel(), same = same && t->numel() == o.numel();
    return launch_whole(same ? values_kernel : broadcast_kernel, (read + o.numel()) * std::int64_t{sizeof(T)},
                        o.numel(), [&] { run_values(loops, f, x, o); });
  }
  std::array<const Shape*, most> shapes;
  for (std::size_t k = 0; k < n; ++k) shapes[k] = &x[k]->shape();
  with_walker(o.shape(), std::span(shapes.data(), n), [&](const auto& walk) {
    each_block(walk.numel(), block_elements, [&](std::int64_t begin, std::int64_t end) {
      std::array<Lane<T>, most> lanes;
      walk.each_run(begin, end, [&](std::int64_t first, const auto& at, std::int64_t count) {
        for (std::size_t k = 0; k < n; ++k) lanes[k] = {elements<const T>(*x[k]) + at[k], walk.stride[k][0]};
        T* const y = elements<T>(o) + first;
        by_batches<T>(
            count, loops.width, std::span(lanes.data(), n), std::span(&y, 1), n,
            [&](std::int64_t m, const Lane<T>* in, T* const* out) { loops.values(f, m, in, *out); });
      });
    });
  });
}

template <class T>
void run_gradients(const Loops<T>& loops, const void* f, const Shape& shape, const Tensor& g,
                   std::span<const Tensor* const> x, unsigned wanted, std::span<const Tensor> dx) {
  const std::size_t n = x.size();
  if (longest_unheard == 0) [[unlikely]] {
    std::int64_t moved = g.numel();
    bool same = g.numel() == shape.numel();
    for (std::size_t k = 0; k < n; ++k) {
      moved += x[k]->numel() * (1 + (wanted >> k & 1));
      same = same && x[k]->numel() == shape.numel();
    }
    return launch_whole(same ? gradients_kernel : broadcast_gradients_kernel, moved * std::int64_t{sizeof(T)},
                        shape.numel(), [&] { run_gradients(loops, f, shape, g, x, wanted, dx); });
  }
  std::array<const Shape*, most + 1> shapes;
  for (std::size_t k = 0; k < n; ++k) shapes[k] = &x[k]->shape();
  shapes[n] = &g.shape();

  // Each block has sums of its own for the repeated inputs; they are added up in their order.
  const std::int64_t numel = shape.numel(), size = std::max(block_elements, (numel + 15) / 16);
  const std::int64_t blocks = numel <= large_work ? 1 : (numel + size - 1) / size;
  Few<std::vector<Repeated<T>>, most> sums(n);
  with_walker(shape, std::span(shapes.data(), n + 1), [&](const auto& walk) {
    Uses uses{.wanted = wanted};
    for (std::size_t k = 0; k < n; ++k)
      if ((wanted >> k & 1) && x[k]->numel() != numel) {
        sums[k].assign(static_cast<std::size_t>(blocks), Repeated<T>(x[k]->numel()));
        (walk.stride[k][0] ? uses.adds : uses.still) |= 1u << k;
      }

    each_block(numel, size, [&](std::int64_t begin, std::int64_t end) {
      Few<Repeated<T>*, most> repeated(n);
      for (std::size_t k = 0; k < n; ++k)
        if (!sums[k].empty()) repeated[k] = &sums[k][static_cast<std::size_t>(begin / size)];
      std::array<Lane<T>, most + 1> lanes;
      Few<T*, most> to(n);
      std::array<double, most> totals;
      walk.each_run(begin, end, [&](std::int64_t, const auto& at, std::int64_t count) {
        for (std::size_t k = 0; k < n; ++k) {
          lanes[k] = {elements<const T>(*x[k]) + at[k], walk.stride[k][0]};
          totals[k] = 0;
          if ((wanted & ~uses.still) >> k & 1)
            to[k] = (repeated[k] ? repeated[k]->run() : elements<T>(dx[k])) + at[k];
        }
        lanes[n] = {elements<const T>(g) + at[n], walk.stride[n][0]};
        by_batches<T>(count, loops.width, std::span(lanes.data(), n + 1), to.all(), n,
                      [&](std::int64_t m, const Lane<T>* in, T* const* out) {
                        loops.gradients(f, m, in, out, uses, totals.data());
                      });
        for (std::size_t k = 0; k < n; ++k) {
          if (uses.still >> k & 1) repeated[k]->add(at[k], totals[k]);
          if (uses.adds >> k & 1) repeated[k]->added(count);
        }
      });
    });
  });
  for (std::size_t k = 0; k < n; ++k)
    if (!sums[k].empty()) Repeated<T>::store(sums[k], elements<T>(dx[k]));
}

template void run_values(const Loops<float>&, const void*, std::span<const Tensor* const>, const Tensor&);
template void run_values(const Loops<double>&, const void*, std::span<const Tensor* const>, const Tensor&);
template void run_gradients(const Loops<float>&, const void*, const Shape&, const Tensor&,
                            std::span<const Tensor* const>, unsigned, std::span<const Tensor>);
template void run_gradients(const Loops<double>&, const void*, const Shape&, const Tensor&,
                            std::span<const Tensor* const>, unsigned, std::span<const Tensor>);

}  // namespace xgrad::detail::fusing
