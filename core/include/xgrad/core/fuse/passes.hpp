#pragma once

#include <array>
#include <utility>

#include "xgrad/core/fuse/number.hpp"
#include "xgrad/core/fused_op.hpp"

// The inner loops of `fuse`: all that is compiled for a lambda.

// Loops are flat, so that constants and partial derivatives stay in registers. With the checks of a sanitizer
// in every access, that takes g++ a quarter of an hour.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define XGRAD_FLATTEN
#else
#define XGRAD_FLATTEN [[gnu::flatten]]
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

template <class V, class T>
V load(const Lane<T>& x, std::int64_t i) {
  return V::load_unaligned(x.at + i * x.step);
}

template <class V>
inline constexpr std::int64_t width_of = static_cast<std::int64_t>(V::size);

/// y = f(x...).
template <class V, class F, std::size_t n, class T>
XGRAD_FLATTEN void values(const void* lambda, std::int64_t count, const Lane<T>* operands, T* y) {
  const F f = *static_cast<const F*>(lambda);
  std::array<Lane<T>, n> x;
  for (std::size_t k = 0; k < n; ++k) x[k] = operands[k];
  for (std::int64_t i = 0; i < count; i += width_of<V>)
    with_indices<n>([&]<std::size_t... k>() {
      f(fused::Real<T>{load<V>(x[k], i)}...).v.store_unaligned(y + i);
    });
}

inline constexpr std::int64_t longest_run = 16384;  ///< elements that a total adds up in T

/// Moves the sum of a run to the total.
template <class V>
void end_run(V& run, double& total) {
  total += static_cast<double>(simd::hadd(run));
  run = V(0);
}

/// g df/dx_k for the first m of n operands, g behind the last.
template <class V, class F, std::size_t n, std::size_t m, class T>
XGRAD_FLATTEN void gradients(const void* lambda, std::int64_t count, const Lane<T>* operands, T* const* to,
                             Uses uses, double* totals) {
  const F f = *static_cast<const F*>(lambda);
  std::array<Lane<T>, n + 1> x;
  for (std::size_t k = 0; k <= n; ++k) x[k] = operands[k];
  std::array<T*, m> out;
  for (std::size_t k = 0; k < m; ++k) out[k] = to[k];
  std::array<V, m> runs;
  for (V& run : runs) run = V(0);
  const auto put = [&](std::size_t k, std::int64_t i, const V& d) {
    if (uses.still >> k & 1)
      runs[k] += d;
    else
      (uses.adds >> k & 1 ? V::load_unaligned(out[k] + i) + d : d).store_unaligned(out[k] + i);
  };
  const auto body = [&]<std::size_t... k>(std::int64_t i) {
    const auto y = f(fused::variable<T, (k < m ? 1u << k : 0u)>(load<V>(x[k], i))...);
    const fused::Real<T> seed{load<V>(x[n], i)};
    const auto one = [&]<std::size_t j>() {
      if constexpr (j < m) {
        if (!(uses.wanted >> j & 1)) return;
        if constexpr (std::decay_t<decltype(y)>::template has<(1u << j)>)
          put(j, i, mul0(seed, y.template part<(1u << j)>()).v);
        else
          put(j, i, V(0));
      }
    };
    (one.template operator()<k>(), ...);
  };
  for (std::int64_t i = 0; i < count; i += width_of<V>) {
    with_indices<n>([&]<std::size_t... k>() { body.template operator()<k...>(i); });
    if (uses.still && (i + width_of<V>) % longest_run == 0)
      for (std::size_t k = 0; k < m; ++k) end_run(runs[k], totals[k]);
  }
  for (std::size_t k = 0; k < m; ++k)
    if (uses.still >> k & 1) end_run(runs[k], totals[k]);
}

// The same in one type.
template <class T, class F, std::size_t n>
inline constexpr auto loop_of_values = values<fused::Batch<T>, F, n, T>;
template <class T, class F, std::size_t n, std::size_t m>
inline constexpr auto loop_of_gradients = gradients<fused::Batch<T>, F, n, m, T>;

}  // namespace xgrad::detail::fusing

#undef XGRAD_FLATTEN
