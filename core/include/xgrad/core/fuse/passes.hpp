#pragma once

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "xgrad/core/broadcast.hpp"
#include "xgrad/core/simd/number.hpp"
#include "xgrad/core/tensor.hpp"
#include "xgrad/core/threads.hpp"

// The two passes over memory of `fuse`: values, and gradients by forward accumulation.

// Loops are flat, so that constants and partial derivatives stay in registers. With the checks of a sanitizer
// in every access, that takes g++ a quarter of an hour.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define XGRAD_FLATTEN
#else
#define XGRAD_FLATTEN __attribute__((flatten))  // stands behind a lambda's parameters too
#endif

namespace xgrad::detail::fusing {

template <class F, std::size_t... i>
auto call_each(F f, std::index_sequence<i...>) {
  return f.template operator()<i...>();
}
/// f.operator()<0, ..., n - 1>().
template <std::size_t n, class F>
auto with_indices(F f) {
  return call_each(f, std::make_index_sequence<n>());
}

/// An operand in an inner loop: where it begins, and by how much it moves on, 0 or 1.
template <class T>
struct Lane {
  const T* at = nullptr;
  std::int64_t step = 0;

  fused::Batch<T> load(std::int64_t i) const { return fused::Batch<T>::load_unaligned(at + i * step); }
};

/// An inner loop over operands x and results y (null for none) by batches: body(x, y, i) for each. Elements
/// behind the last whole batch are copied and go through the same code, so that no element's result depends
/// on where it stands; in the rest of their batch, the operand `zeros` is 0 and the others repeat an element.
template <class T, std::size_t n, std::size_t m, class Body>
[[gnu::always_inline]] inline void each_batch(std::int64_t count, std::array<Lane<T>, n> x,
                                              std::array<T*, m> y, std::size_t zeros, Body body) {
  using V = fused::Batch<T>;
  constexpr std::int64_t width = static_cast<std::int64_t>(V::size);
  alignas(64) T in[n][V::size], out[m][V::size];
  for (std::size_t k = 0; k < n; ++k)
    if (x[k].step == 0) {
      V(*x[k].at).store_aligned(in[k]);
      x[k].at = in[k];
    }
  std::array<T*, m> end{};
  const std::int64_t left = count % width;
  std::int64_t whole = count - left;
  for (bool rest = false;; rest = true) {
    for (std::int64_t i = 0; i < whole; i += width) body(x, y, i);
    if (left == 0 || rest) break;
    for (std::size_t k = 0; k < n; ++k) {
      if (x[k].step != 0)
        for (std::int64_t j = 0; j < width; ++j) in[k][j] = x[k].at[whole + std::min(j, left - 1)];
      if (k == zeros) std::fill(in[k] + left, in[k] + width, T(0));
      x[k].at = in[k];
    }
    for (std::size_t k = 0; k < m; ++k) {
      if (!y[k]) continue;
      end[k] = y[k] + whole;
      std::copy_n(end[k], left, out[k]);
      y[k] = out[k];
    }
    whole = width;
  }
  for (std::size_t k = 0; k < m; ++k)
    if (end[k]) std::copy_n(out[k], left, end[k]);
}

template <class T>
T* elements(const Tensor& x) {
  return static_cast<T*>(x.node()->data);
}

/// body(first, last) for blocks of n elements on several threads. A single call stands in the code, so that
/// the loops of the body are compiled once.
template <class Body>
void each_block(std::int64_t n, std::int64_t size, const Body& body) {
  parallel_for(n, n <= large_work ? n : size, body);
}

/// o = f(x...), broadcast.
template <class T, class F, std::size_t n>
void run_values(F f, const std::array<const Tensor*, n>& x, const Tensor& o) {
  std::array<const Shape*, n> shapes;
  for (std::size_t k = 0; k < n; ++k) shapes[k] = &x[k]->shape();
  const Walker<static_cast<int>(n)> walk(o.shape(), shapes);
  each_block(walk.numel(), block_elements, [&](std::int64_t begin, std::int64_t end) XGRAD_FLATTEN {
    walk.each_run(begin, end, [&](std::int64_t first, const auto& at, std::int64_t count) {
      std::array<Lane<T>, n> lanes;
      for (std::size_t k = 0; k < n; ++k) lanes[k] = {elements<const T>(*x[k]) + at[k], walk.stride[k][0]};
      each_batch<T>(count, lanes, std::array{elements<T>(o) + first}, n,
                    [f](const auto& in, const auto& out, std::int64_t i) {
                      with_indices<n>([&]<std::size_t... k>() {
                        f(fused::Real<T>{in[k].load(i)}...).v.store_unaligned(out[0] + i);
                      });
                    });
    });
  });
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

/// The sum over an inner loop, likewise.
template <class T>
struct Total {
  fused::Batch<T> run = fused::Batch<T>(T(0));
  double sum = 0;

  void end_run() {
    sum += static_cast<double>(xsimd::hadd(run));
    run = fused::Batch<T>(T(0));
  }
};

inline constexpr std::int64_t longest_run = 16384;  ///< elements that a total adds up in T

/// dx_k = g df/dx_k for the inputs k in `wanted`, summed to the inputs' shapes.
template <class T, class F, std::size_t n>
void run_gradients(F f, const Shape& shape, const Tensor& g, const std::array<const Tensor*, n>& x,
                   unsigned wanted, const std::array<Tensor, n>& dx) {
  using V = fused::Batch<T>;
  constexpr std::int64_t width = static_cast<std::int64_t>(V::size);
  std::array<const Shape*, n + 1> shapes;
  for (std::size_t k = 0; k < n; ++k) shapes[k] = &x[k]->shape();
  shapes[n] = &g.shape();
  const Walker<static_cast<int>(n + 1)> walk(shape, shapes);

  // Each block has sums of its own for the repeated inputs; they are added up in their order.
  const std::int64_t numel = shape.numel(), size = std::max(block_elements, (numel + 15) / 16);
  const std::int64_t blocks = numel <= large_work ? 1 : (numel + size - 1) / size;
  std::array<std::vector<Repeated<T>>, n> sums;
  unsigned adds = 0, still = 0;  // repeated inputs that move on in an inner loop, and those that do not
  for (std::size_t k = 0; k < n; ++k)
    if ((wanted >> k & 1) && x[k]->numel() != numel) {
      sums[k].assign(static_cast<std::size_t>(blocks), Repeated<T>(x[k]->numel()));
      (walk.stride[k][0] ? adds : still) |= 1u << k;
    }

  each_block(numel, size, [&](std::int64_t begin, std::int64_t end) XGRAD_FLATTEN {
    std::array<Repeated<T>*, n> repeated{};
    for (std::size_t k = 0; k < n; ++k)
      if (!sums[k].empty()) repeated[k] = &sums[k][static_cast<std::size_t>(begin / size)];
    walk.each_run(begin, end, [&](std::int64_t, const auto& at, std::int64_t count) {
      std::array<Lane<T>, n + 1> lanes;
      std::array<T*, n> to{};
      std::array<Total<T>, n> totals;
      for (std::size_t k = 0; k < n; ++k) {
        lanes[k] = {elements<const T>(*x[k]) + at[k], walk.stride[k][0]};
        if ((wanted & ~still) >> k & 1)
          to[k] = (repeated[k] ? repeated[k]->run() : elements<T>(dx[k])) + at[k];
      }
      lanes[n] = {elements<const T>(g) + at[n], walk.stride[n][0]};

      const auto put = [&](std::size_t k, const auto& out, std::int64_t i, const V& d) {
        if (still >> k & 1)
          totals[k].run += d;
        else
          (adds >> k & 1 ? V::load_unaligned(out[k] + i) + d : d).store_unaligned(out[k] + i);
      };
      const auto body = [&]<std::size_t... k>(const auto& in, const auto& out, std::int64_t i) {
        const auto y = f(fused::Dual<T, (1u << k)>{{in[k].load(i)}, {fused::real<T>(1)}}...);
        const fused::Real<T> seed{in[n].load(i)};
        const auto one = [&]<std::size_t j>() {
          if (!(wanted >> j & 1)) return;
          if constexpr (std::decay_t<decltype(y)>::template has<(1u << j)>)
            put(j, out, i, mul0(seed, y.template part<(1u << j)>()).v);
          else
            put(j, out, i, V(T(0)));
        };
        (one.template operator()<k>(), ...);
      };
      each_batch<T>(count, lanes, to, n, [&](const auto& in, const auto& out, std::int64_t i) {
        with_indices<n>([&]<std::size_t... k>() { body.template operator()<k...>(in, out, i); });
        if (still && (i + width) % longest_run == 0)
          for (Total<T>& total : totals) total.end_run();
      });
      for (std::size_t k = 0; k < n; ++k) {
        if (still >> k & 1) totals[k].end_run(), repeated[k]->add(at[k], totals[k].sum);
        if (adds >> k & 1) repeated[k]->added(count);
      }
    });
  });
  for (std::size_t k = 0; k < n; ++k)
    if (!sums[k].empty()) Repeated<T>::store(sums[k], elements<T>(dx[k]));
}

}  // namespace xgrad::detail::fusing

#undef XGRAD_FLATTEN
