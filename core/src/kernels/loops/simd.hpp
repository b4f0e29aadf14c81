#pragma once

#include <array>
#include <tuple>

#include "kernels/blas/halves.hpp"
#include "kernels/loops/batch.hpp"
#include "kernels/loops/elementwise.hpp"
#include "kernels/loops/part.hpp"
#include "xgrad/core/buffer.hpp"

// One pass over elements with transcendental functions. Functors are generic lambdas over SIMD batches. The
// last elements go through the same batch code as all others, so that an element's value never depends on
// where it stands.

namespace xgrad::detail {

/// o[i] = f(x[i]...). `o` is fresh memory of this library's buffers: it may be written up to whole lines.
///
/// Flat, so that the constants of functions stay in registers: calls would halve the speed of exp.
template <class T, bool is_block = false, class F, class... X>
[[gnu::flatten]] void simd_loop(std::int64_t n, bool have_room, T* o, F f, const X*... inputs) {
  if constexpr (!is_block)
    if (!runs_unheard(n)) [[unlikely]]
      return launch_pass(sizeof...(X) == 1 ? map_kernel : zip_kernel, {.bytes = n * bytes_of<T, X...>}, n,
                         [=](std::int64_t first, std::int64_t last) {
                           simd_loop<T, true>(last - first, have_room, o + first, f, (inputs + first)...);
                         });
  using V = xsimd::batch<T>;
  constexpr std::int64_t width = V::size;
  constexpr std::size_t count = sizeof...(X);
  std::array<const T*, count> x = {inputs...};
  alignas(line) T padded[count][width];

  // A whole batch that starts on a boundary ends in the same line of memory as it began: reading past the
  // last element is safe there, where the line is ours. Elsewhere the rest is copied first.
  const bool aligned =
      have_room && ((reinterpret_cast<std::uintptr_t>(inputs) % (width * sizeof(T)) == 0) && ...);
  std::int64_t whole = aligned ? n : n - n % width;
  while (n > 0) {
    for (std::int64_t i = 0; i < whole; i += width)
      std::apply([&](auto*... p) { f(V::load_unaligned(p + i)...).store_unaligned(o + i); }, x);
    n -= whole;
    if (n <= 0) break;
    o += whole;
    for (std::size_t k = 0; k < count; ++k) {
      for (std::int64_t i = 0; i < width; ++i) padded[k][i] = i < n ? x[k][whole + i] : T(0);
      x[k] = padded[k];
    }
    whole = n;
  }
}

/// The sum of f(x[i]...), in halves down to short runs, so that its error grows with the logarithm of n and
/// its order depends on n only.
template <class T, class F, class... X>
T simd_sum(std::int64_t n, F f, const X*... x) {
  if (longest_unheard == 0) [[unlikely]]
    return launch_value(reduce_kernel, {.bytes = n * bytes_of<X...>},
                        [=] { return simd_sum<T>(n, f, x...); });
  using V = xsimd::batch<T>;
  constexpr std::int64_t width = V::size, block = 64 * width;
  if (n > block)
    return by_halves<T>(
        n, block, [&](std::int64_t first, std::int64_t m) { return simd_sum<T>(m, f, (x + first)...); },
        [](T& left, T right) { left += right; });
  V s(0);
  std::int64_t i = 0;
  for (; i + width <= n; i += width) s += f(V::load_unaligned(x + i)...);
  if (i < n) {
    alignas(line) T rest[V::size] = {};
    store_part(rest, n - i, f(load_part<V>(x + i, n - i, 0)...));
    s += V::load_aligned(rest);
  }
  return xsimd::hadd(s);
}

}  // namespace xgrad::detail
