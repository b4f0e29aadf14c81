#pragma once

#include "kernels/loops/vector.hpp"
#include "kernels/loops/work.hpp"

// One pass over elements. Functors are generic lambdas over raw values; the loops are plain, so that the
// compiler makes vector code of them. What needs transcendental functions goes through simd.hpp instead.
//
// A loop that is heard, or finds its work large, calls itself for all of it or for blocks of it: another
// instance, so that each has one caller, into which it is inlined.

namespace xgrad::detail {

inline constexpr Kernel map_kernel = {.name = "map", .elementwise = true};
inline constexpr Kernel zip_kernel = {.name = "zip", .elementwise = true};
inline constexpr Kernel zip_broadcast_kernel = {.name = "zip_broadcast"};
inline constexpr Kernel update_kernel = {.name = "update", .elementwise = true};
inline constexpr Kernel update_broadcast_kernel = {.name = "update_broadcast"};
inline constexpr Kernel zip_scalar_kernel = {.name = "zip_scalar"};  ///< an operand is one number, repeated

/// o[i] = f(x[i]).
template <bool is_block = false, class R, class T, class F>
void map_loop(std::int64_t n, R* __restrict o, const T* x, F f) {
  if constexpr (!is_block)
    if (!runs_unheard(n)) [[unlikely]]
      return launch_pass(map_kernel, {.bytes = n * bytes_of<R, T>}, n,
                         [=](std::int64_t first, std::int64_t last) {
                           map_loop<true>(last - first, o + first, x + first, f);
                         });
  for (std::int64_t i = 0; i < n; ++i) o[i] = static_cast<R>(f(x[i]));
}

/// o[i] = f(a[i], b[i]) by whole lines: reads and writes the padding behind the last elements. For functors
/// that can be applied to anything, and elements that have lines.
template <bool is_block = false, class T, class F>
void zip_lines(std::int64_t n, T* o, const T* a, const T* b, F f, const Kernel& kernel = zip_kernel) {
  if constexpr (!is_block)
    if (!runs_unheard(n)) [[unlikely]]
      return launch_pass(kernel, {.bytes = n * bytes_of<T, T, T>}, n,
                         [=](std::int64_t first, std::int64_t last) {
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
    if (!runs_unheard(n)) [[unlikely]]
      return launch_pass(map_kernel, {.bytes = n * bytes_of<T, T>}, n,
                         [=](std::int64_t first, std::int64_t last) {
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
    if (!runs_unheard(n)) [[unlikely]]
      return launch_pass(sa & sb ? zip_kernel : zip_scalar_kernel,
                         {.bytes = n * (bytes_of<R> + (sa + sb) * bytes_of<T>)}, n,
                         [=](std::int64_t first, std::int64_t last) {
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
