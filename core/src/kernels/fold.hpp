#pragma once

#include <algorithm>
#include <concepts>
#include <limits>

#include "kernels/vector.hpp"

// Folding many elements into one: sums, products, extrema. A fold is a type with a start value and a step
// that takes one more element in; the step works on numbers and on vectors of them.
//
// Runs are cut in halves down to short ones, so that the error of a sum grows with the logarithm of its
// length, and the order of the steps depends on the lengths only, so that a result never depends on anything
// else.

namespace xgrad::detail {

struct SumFold {
  template <class A>
  static constexpr A start = A{0};
  template <class V>
  static void take(V& acc, const V& x) {
    acc += x;
  }
};

struct ProductFold {
  template <class A>
  static constexpr A start = A{1};
  template <class V>
  static void take(V& acc, const V& x) {
    acc *= x;
  }
};

/// The largest; nan once there is one.
struct MaxFold {
  template <class A>
  static constexpr A start = std::numeric_limits<A>::has_infinity ? -std::numeric_limits<A>::infinity()
                                                                  : std::numeric_limits<A>::lowest();
  template <class V>
  static void take(V& acc, const V& x) {
    acc = ((x > acc) | (x != x)) ? x : acc;
  }
};

/// The smallest; nan once there is one.
struct MinFold {
  template <class A>
  static constexpr A start = std::numeric_limits<A>::has_infinity ? std::numeric_limits<A>::infinity()
                                                                  : std::numeric_limits<A>::max();
  template <class V>
  static void take(V& acc, const V& x) {
    acc = ((x < acc) | (x != x)) ? x : acc;
  }
};

/// What one block of a contiguous run folds to: four vectors of partial results, then these into one.
template <class F, std::floating_point T>
T fold_block(const T* x, std::int64_t n) {
  constexpr std::int64_t w = lanes<T>;
  T total = F::template start<T>;
  std::int64_t i = 0;
  if (n >= w) {
    Vector<T> a, b, c, d, v;
    load(a, x);
    i = w;
    if (n >= 4 * w) {
      load(b, x + w), load(c, x + 2 * w), load(d, x + 3 * w);
      for (i = 4 * w; i + 4 * w <= n; i += 4 * w) {
        load(v, x + i), F::take(a, v);
        load(v, x + i + w), F::take(b, v);
        load(v, x + i + 2 * w), F::take(c, v);
        load(v, x + i + 3 * w), F::take(d, v);
      }
      F::take(a, b), F::take(c, d), F::take(a, c);
    }
    for (; i + w <= n; i += w) load(v, x + i), F::take(a, v);
    T part[w];
    std::memcpy(part, &a, sizeof part);
    for (std::int64_t half = w / 2; half > 0; half /= 2)
      for (std::int64_t j = 0; j < half; ++j) F::take(part[j], part[j + half]);
    total = part[0];
  }
  for (; i < n; ++i) F::take(total, x[i]);
  return total;
}

/// The fold of a contiguous run of n elements.
template <class F, class A, class T>
A fold_run(const T* x, std::int64_t n) {
  if constexpr (std::floating_point<T>) {
    constexpr std::int64_t block = 64 * lanes<T>;
    if (n <= block) return fold_block<F>(x, n);
    const std::int64_t half = (n / 2 + block - 1) / block * block;
    A left = fold_run<F, A>(x, half);
    const A right = fold_run<F, A>(x + half, n - half);
    F::take(left, right);
    return left;
  } else {
    A total = F::template start<A>;
    for (std::int64_t i = 0; i < n; ++i) F::take(total, static_cast<A>(x[i]));
    return total;
  }
}

inline constexpr std::int64_t fold_width = 512;  ///< columns that are folded together: they stay in the cache

/// o[j] = the fold over i < n of x[i * stride + j], for width <= fold_width columns; n > 0.
template <class F, class A, class T>
void fold_columns(const T* x, std::int64_t n, std::int64_t width, std::int64_t stride, A* __restrict o) {
  constexpr std::int64_t leaf = 32;
  if (n > leaf) {
    const std::int64_t half = (n / 2 + leaf - 1) / leaf * leaf;
    A right[fold_width];
    fold_columns<F>(x, half, width, stride, o);
    fold_columns<F>(x + half * stride, n - half, width, stride, right);
    for (std::int64_t j = 0; j < width; ++j) F::take(o[j], right[j]);
    return;
  }
  std::int64_t i = 0;
  if (n % 4 == 0) {
    for (std::int64_t j = 0; j < width; ++j) o[j] = F::template start<A>;
  } else {
    for (std::int64_t j = 0; j < width; ++j) o[j] = static_cast<A>(x[j]);
    for (i = 1; i < n % 4; ++i)
      for (std::int64_t j = 0; j < width; ++j) F::take(o[j], static_cast<A>(x[i * stride + j]));
  }
  for (; i < n; i += 4) {
    const T* row = x + i * stride;
    for (std::int64_t j = 0; j < width; ++j) {
      A p = static_cast<A>(row[j]);
      A q = static_cast<A>(row[j + 2 * stride]);
      F::take(p, static_cast<A>(row[j + stride]));
      F::take(q, static_cast<A>(row[j + 3 * stride]));
      F::take(p, q);
      F::take(o[j], p);
    }
  }
}

/// A part of a shape that is folded: outer x n x inner elements become outer x inner.
struct Block {
  std::int64_t outer, n, inner;
};

/// Folds one block; of no elements to the start value.
template <class F, class A, class T>
void fold_one(const T* x, const Block& b, A* __restrict o) {
  if (b.n == 0) {
    std::fill_n(o, b.outer * b.inner, F::template start<A>);
    return;
  }
  if (b.inner == 1) {
    for (std::int64_t i = 0; i < b.outer; ++i) o[i] = fold_run<F, A>(x + i * b.n, b.n);
    return;
  }
  // Rows of few columns are joined to longer ones, whose parts are folded at the end.
  const std::int64_t joined = b.inner <= fold_width / 4 ? fold_width / b.inner : 1;
  for (std::int64_t k = 0; k < b.outer; ++k, x += b.n * b.inner, o += b.inner) {
    std::int64_t done = 0;
    if (joined > 1 && b.n >= 2 * joined) {
      A wide[fold_width];
      const std::int64_t rows = b.n / joined;
      fold_columns<F>(x, rows, joined * b.inner, joined * b.inner, wide);
      fold_columns<F>(wide, joined, b.inner, b.inner, o);
      done = rows * joined;
      if (done < b.n) {
        A rest[fold_width];
        fold_columns<F>(x + done * b.inner, b.n - done, b.inner, b.inner, rest);
        for (std::int64_t j = 0; j < b.inner; ++j) F::take(o[j], rest[j]);
      }
      continue;
    }
    for (std::int64_t j = 0; j < b.inner; j += fold_width)
      fold_columns<F>(x + j, b.n, std::min(fold_width, b.inner - j), b.inner, o + j);
  }
}

}  // namespace xgrad::detail
