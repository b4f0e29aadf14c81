#pragma once

#include "kernels/loops/vector.hpp"
#include "xgrad/core/threads.hpp"

// One pass over elements. Functors are generic lambdas over raw values; the loops are plain, so that the
// compiler makes vector code of them. What needs transcendental functions goes through simd.hpp instead.
//
// A loop that finds its work large calls itself for blocks of it, on several threads: another instance, so
// that each has one caller, into which it is inlined.

namespace xgrad::detail {

/// o[i] = f(x[i]).
template <bool is_block = false, class R, class T, class F>
void map_loop(std::int64_t n, R* __restrict o, const T* x, F f) {
  if constexpr (!is_block)
    if (!is_small(n)) [[unlikely]]
      return share(n, [=](std::int64_t first, std::int64_t last) {
        map_loop<true>(last - first, o + first, x + first, f);
      });
  for (std::int64_t i = 0; i < n; ++i) o[i] = static_cast<R>(f(x[i]));
}

/// o[i] = f(a[i], b[i]) by whole lines: reads and writes the padding behind the last elements. For functors
/// that can be applied to anything, and elements that have lines.
template <bool is_block = false, class T, class F>
void zip_lines(std::int64_t n, T* o, const T* a, const T* b, F f) {
  if constexpr (!is_block)
    if (!is_small(n)) [[unlikely]]
      return share(n, [=](std::int64_t first, std::int64_t last) {
        zip_lines<true>(last - first, o + first, a + first, b + first, f);
      });
  for (std::int64_t i = 0; i < n; i += lanes<T>)
#ifdef __clang__
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep  // o may be a or b, element by element
#endif
    for (std::int64_t j = i; j < i + lanes<T>; ++j) o[j] = f(a[j], b[j]);
}

template <bool is_block = false, class T, class F>
void map_lines(std::int64_t n, T* o, const T* x, F f) {
  if constexpr (!is_block)
    if (!is_small(n)) [[unlikely]]
      return share(n, [=](std::int64_t first, std::int64_t last) {
        map_lines<true>(last - first, o + first, x + first, f);
      });
  for (std::int64_t i = 0; i < n; i += lanes<T>)
#ifdef __clang__
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#endif
    for (std::int64_t j = i; j < i + lanes<T>; ++j) o[j] = f(x[j]);
}

/// o[i] = f(a[i * sa], b[i * sb]), where strides are 0 or 1: a loop of its own for each case.
template <bool is_block = false, class R, class T, class F>
void zip_loop(std::int64_t n, R* __restrict o, const T* a, std::int64_t sa, const T* b, std::int64_t sb,
              F f) {
  if constexpr (!is_block)
    if (!is_small(n)) [[unlikely]]
      return share(n, [=](std::int64_t first, std::int64_t last) {
        zip_loop<true>(last - first, o + first, a + first * sa, sa, b + first * sb, sb, f);
      });
  if (sa && sb) {
    for (std::int64_t i = 0; i < n; ++i) o[i] = static_cast<R>(f(a[i], b[i]));
  } else if (sa) {
    const T v = *b;
    for (std::int64_t i = 0; i < n; ++i) o[i] = static_cast<R>(f(a[i], v));
  } else if (sb) {
    const T u = *a;
    for (std::int64_t i = 0; i < n; ++i) o[i] = static_cast<R>(f(u, b[i]));
  } else {
    const R v = static_cast<R>(f(*a, *b));
    for (std::int64_t i = 0; i < n; ++i) o[i] = v;
  }
}

}  // namespace xgrad::detail
