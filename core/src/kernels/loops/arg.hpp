#pragma once

#include "kernels/loops/fold.hpp"

namespace xgrad::detail {

inline constexpr Kernel argmax_kernel = {.name = "argmax"};
inline constexpr Kernel argmin_kernel = {.name = "argmin"};

/// True when u comes before v: it is larger (F = MaxFold) or smaller (MinFold), or it is the first nan.
template <class F, class T>
bool beats(T u, T v) {
  const bool better = std::same_as<F, MaxFold> ? u > v : u < v;
  if constexpr (std::floating_point<T>)
    return better | ((u != u) & (v == v));
  else
    return better;
}

/// Extrema of n > 0 rows of `width` columns, and the first row in which each stands.
template <class F, class T>
void arg_columns(const T* x, std::int64_t n, std::int64_t width, std::int64_t stride, T* __restrict best,
                 std::int64_t* __restrict at) {
  for (std::int64_t j = 0; j < width; ++j) best[j] = x[j], at[j] = 0;
  for (std::int64_t i = 1; i < n; ++i)
    for (std::int64_t j = 0; j < width; ++j) {
      const bool now = beats<F>(x[i * stride + j], best[j]);
      best[j] = now ? x[i * stride + j] : best[j];
      at[j] = now ? i : at[j];
    }
}

/// Extrema of `rows` short rows, and the first place in each.
template <class F, class T>
void arg_short_rows(const T* x, std::int64_t n, std::int64_t rows, T* best, std::int64_t* at) {
  constexpr std::int64_t w = short_rows<T>;
  RowBlock<T> block;
  for (std::int64_t k = 0; k < rows; k += w) {
    load_rows(block, x + k * n, n, rows - k);
    arg_columns<F>(static_cast<const T*>(block.at), n, std::min(w, rows - k), w, best + k, at + k);
  }
}

/// Extrema along a block with n > 0, and the first place where each stands.
template <class F, class T>
void arg_extrema(const T* x, const Block& b, T* best, std::int64_t* at) {
  if (b.outer == 0 || b.inner == 0) return;
  if (longest_unheard == 0) [[unlikely]]
    return launch(std::same_as<F, MaxFold> ? argmax_kernel : argmin_kernel,
                  {.bytes = b.elements() * bytes_of<T> + b.outer * b.inner * bytes_of<T, std::int64_t>},
                  [=] { arg_extrema<F>(x, b, best, at); });
  if constexpr (std::floating_point<T>)
    if (b.inner == 1 && b.n <= longest_short_fold<T>) return arg_short_rows<F>(x, b.n, b.outer, best, at);
  for (std::int64_t k = 0; k < b.outer; ++k, x += b.n * b.inner, best += b.inner, at += b.inner) {
    if (b.inner > 1) {
      constexpr std::int64_t most = fold_width<T>;
      for (std::int64_t j = 0; j < b.inner; j += most)
        arg_columns<F>(x + j, b.n, std::min(most, b.inner - j), b.inner, best + j, at + j);
      continue;
    }
    *best = fold_part<F, T>(x, b.n);
    const bool is_nan = *best != *best;
    std::int64_t i = 0;
    while (is_nan ? x[i] == x[i] : x[i] != *best) ++i;
    *at = i;
  }
}

}  // namespace xgrad::detail
