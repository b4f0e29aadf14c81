#pragma once

#include <algorithm>
#include <concepts>
#include <limits>

#include "kernels/blas/halves.hpp"
#include "kernels/loops/block.hpp"
#include "kernels/loops/short_rows.hpp"
#include "kernels/loops/vector.hpp"
#include "kernels/loops/work.hpp"
#include "kernels/loops/wrap.hpp"

// Folding many elements into one: sums, products, extrema. A fold is a type with a start value and a step
// that takes one more element in; a loader makes of an element what is folded: its square, its distance from
// a mean. Both work on numbers and on vectors of them.
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
    if constexpr (std::integral<V>)
      acc = plus(acc, x);
    else
      acc += x;
  }
};

struct ProductFold {
  template <class A>
  static constexpr A start = A{1};
  template <class V>
  static void take(V& acc, const V& x) {
    if constexpr (std::integral<V>)
      acc = times(acc, x);
    else
      acc *= x;
  }
};

// Extrema take two choices one after the other: of a single one with two conditions g++ makes jumps, 30 times
// as slow over columns.

/// The largest; nan once there is one.
struct MaxFold {
  template <class A>
  static constexpr A start = std::numeric_limits<A>::has_infinity ? -std::numeric_limits<A>::infinity()
                                                                  : std::numeric_limits<A>::lowest();
  template <class V>
  static void take(V& acc, const V& x) {
    const V a = acc, larger = a >= x ? a : x;  // x where it is nan
    acc = a != a ? a : larger;
  }
};

/// The smallest; nan once there is one.
struct MinFold {
  template <class A>
  static constexpr A start = std::numeric_limits<A>::has_infinity ? std::numeric_limits<A>::infinity()
                                                                  : std::numeric_limits<A>::max();
  template <class V>
  static void take(V& acc, const V& x) {
    const V a = acc, smaller = a <= x ? a : x;
    acc = a != a ? a : smaller;
  }
};

struct AnyFold {
  template <class A>
  static constexpr A start = false;
  static void take(bool& acc, bool x) { acc |= x; }
};

struct AllFold {
  template <class A>
  static constexpr A start = true;
  static void take(bool& acc, bool x) { acc &= x; }
};

/// What a fold reads: the element in the type of the result. Loaders are told the number of the result that
/// the element goes into; `by_line` ones make something else of it for each. Those with `vectors` work on
/// vectors too.
template <class A>
struct Plain {
  static constexpr bool by_line = false, vectors = true;
  template <class T>
  A operator()(T u, std::int64_t) const {
    return static_cast<A>(u);
  }
  template <class V>
  void in_place(V&, std::int64_t) const {}
};

/// The lanes of a vector in halves: the upper one into the lower one, down to one.
template <class F, std::int64_t half, class V>
auto fold_lanes(V& v) {
  using T = std::remove_cvref_t<decltype(v[0])>;
  if constexpr (half == 0) {
    return T(v[0]);
  } else {
    V upper;
    fold_back<half, T>(upper, v);
    F::take(v, upper);
    return fold_lanes<F, half / 2>(v);
  }
}

/// What one block of a contiguous run folds to: four vectors of partial results, then these into one.
template <class F, std::floating_point T, class L>
T fold_block(const T* x, std::int64_t n, const L& load, std::int64_t to) {
  constexpr std::int64_t w = lanes<T>;
  const auto next = [&](Vector<T>& v, const T* from) {
    load_vector(v, from);
    load.in_place(v, to);
  };
  T total = F::template start<T>;
  std::int64_t i = 0;
  if (n >= w) {
    Vector<T> a, b, c, d, v;
    next(a, x);
    i = w;
    if (n >= 4 * w) {
      next(b, x + w), next(c, x + 2 * w), next(d, x + 3 * w);
      for (i = 4 * w; i + 4 * w <= n; i += 4 * w) {
        next(v, x + i), F::take(a, v);
        next(v, x + i + w), F::take(b, v);
        next(v, x + i + 2 * w), F::take(c, v);
        next(v, x + i + 3 * w), F::take(d, v);
      }
      F::take(a, b), F::take(c, d), F::take(a, c);
    }
    for (; i + w <= n; i += w) next(v, x + i), F::take(a, v);
    if (n >= 2 * w && i < n) {  // the last w elements, without those that were taken
      next(v, x + n - w), fill_lanes<T>(v, w - (n - i), F::template start<T>), F::take(a, v);
      i = n;
    }
    total = fold_lanes<F, w / 2>(a);
  }
  for (; i < n; ++i) F::take(total, load(x[i], to));
  return total;
}

/// The fold of a contiguous run of n elements, which goes into result `to`: a part of a kernel.
template <class F, class A, class T, class L = Plain<A>>
A fold_part(const T* x, std::int64_t n, const L& load = {}, std::int64_t to = 0) {
  if constexpr (std::floating_point<T> && std::same_as<A, T> && L::vectors) {
    constexpr std::int64_t block = 64 * lanes<T>;
    if (n <= block) return fold_block<F>(x, n, load, to);
    return by_halves<A>(
        n, block, [&](std::int64_t first, std::int64_t m) { return fold_part<F, A>(x + first, m, load, to); },
        [](A& left, A right) { F::take(left, right); });
  } else {
    A total = F::template start<A>;
    for (std::int64_t i = 0; i < n; ++i) F::take(total, load(x[i], to));
    return total;
  }
}

/// The fold of n elements.
template <class F, class A, class T>
A fold_run(const T* x, std::int64_t n) {
  return launch_value(reduce_kernel, {.bytes = n * bytes_of<T>}, [=] { return fold_part<F, A>(x, n); });
}

/// Columns that are folded together: their partial results stay in the nearest cache.
template <class A>
inline constexpr std::int64_t fold_width = 8192 / sizeof(A);

/// o[j] = the fold over i < n of x[i * stride + j], for width <= fold_width columns; n > 0. Column j goes
/// into result to + j.
template <class F, class A, class T, class L>
void fold_columns(const T* x, std::int64_t n, std::int64_t width, std::int64_t stride, A* __restrict o,
                  const L& load, std::int64_t to) {
  constexpr std::int64_t leaf = 32;
  if (n > leaf) {
    const std::int64_t half = (n / 2 + leaf - 1) / leaf * leaf;
    A right[fold_width<A>];
    fold_columns<F>(x, half, width, stride, o, load, to);
    fold_columns<F>(x + half * stride, n - half, width, stride, right, load, to);
    for (std::int64_t j = 0; j < width; ++j) F::take(o[j], right[j]);
    return;
  }
  std::int64_t i = n % 4;
  if (i == 0) {
    for (std::int64_t j = 0; j < width; ++j) o[j] = F::template start<A>;
  } else {
    for (std::int64_t j = 0; j < width; ++j) o[j] = load(x[j], to + j);
    for (std::int64_t k = 1; k < i; ++k)
      for (std::int64_t j = 0; j < width; ++j) F::take(o[j], load(x[k * stride + j], to + j));
  }
  for (; i < n; i += 4) {
    const T* row = x + i * stride;
    for (std::int64_t j = 0; j < width; ++j) {
      A p = load(row[j], to + j);
      A q = load(row[j + 2 * stride], to + j);
      F::take(p, load(row[j + stride], to + j));
      F::take(q, load(row[j + 3 * stride], to + j));
      F::take(p, q);
      F::take(o[j], p);
    }
  }
}

/// The same for any width: by stripes, which are narrower where several threads share them.
template <class F, class A, class T, class L>
void fold_stripes(const T* x, std::int64_t n, std::int64_t width, std::int64_t stride, A* __restrict o,
                  const L& load, std::int64_t to) {
  constexpr std::int64_t most = fold_width<A>, least = 1024 / static_cast<std::int64_t>(sizeof(A));
  const std::int64_t stripe = n * width <= large_work ? most : std::clamp(block_elements / n, least, most);
  const auto fold = [&](std::int64_t first, std::int64_t last) {
    fold_columns<F>(x + first, n, last - first, stride, o + first, load, to + first);
  };
  if (width <= stripe) return fold(0, width);
  parallel_for(width, stripe, fold);
}

/// Folds n rows of few columns: they are joined to longer rows, whose parts are folded at the end.
template <class F, class A, class T, class L>
void fold_narrow(const T* x, std::int64_t n, std::int64_t width, A* __restrict o, const L& load) {
  const std::int64_t joined = fold_width<A> / 4 / width, rows = n / joined, done = rows * joined;
  A wide[fold_width<A>];
  fold_stripes<F>(x, rows, joined * width, joined * width, static_cast<A*>(wide), load, 0);
  fold_columns<F>(wide, joined, width, width, o, Plain<A>(), 0);
  if (done == n) return;
  fold_columns<F>(x + done * width, n - done, width, width, wide, load, 0);
  for (std::int64_t j = 0; j < width; ++j) F::take(o[j], wide[j]);
}

/// Rows of up to so many elements are folded several at a time.
template <class T>
inline constexpr std::int64_t longest_short_fold = 2 * lanes<T> - 1;

/// o[k] = the fold of row k, of n <= longest_short_fold elements, for blocks of rows from `first` on: in the
/// order of fold_run, to the same bits. Returns the first row that is left.
///
/// For plain elements only: a compiler that makes one instruction of x * x + sum may do so in one of the two.
template <class F, std::floating_point T>
std::int64_t fold_short_rows(const T* x, std::int64_t n, std::int64_t first, std::int64_t last, T* o) {
  constexpr std::int64_t w = short_rows<T>;
  RowBlock<T> block;
  for (; first + w <= last; first += w) {
    load_rows(block, x + first * n, n, last - first);
    const auto next = [&](Vector<T>& v, std::int64_t i) { load_vector(v, block.at + i * w); };
    Vector<T> total, v, part[w];
    for (std::int64_t l = 0; l < w; ++l) total[l] = F::template start<T>;
    std::int64_t i = 0;
    if (n >= w) {
      for (; i < w; ++i) next(part[i], i);
      for (std::int64_t half = w / 2; half > 0; half /= 2)
        for (std::int64_t j = 0; j < half; ++j) F::take(part[j], part[j + half]);
      total = part[0];
    }
    for (; i < n; ++i) next(v, i), F::take(total, v);
    std::memcpy(o + first, &total, sizeof total);
  }
  return first;
}

/// Folds the entries [first, last) of the outer axis of a block with n > 0.
template <class F, class A, class T, class L>
void fold_outer(const T* x, const Block& b, std::int64_t first, std::int64_t last, A* __restrict o,
                const L& load) {
  if (b.inner == 1) {
    if constexpr (std::floating_point<T> && std::same_as<L, Plain<T>>)
      if (b.n <= longest_short_fold<T>) first = fold_short_rows<F>(x, b.n, first, last, o);
    for (std::int64_t k = first; k < last; ++k) o[k] = fold_part<F, A>(x + k * b.n, b.n, load, k);
    return;
  }
  constexpr std::int64_t most = fold_width<A>;
  const bool narrow = !L::by_line && b.inner <= most / 16 && b.n >= most / b.inner;
  for (std::int64_t k = first; k < last; ++k) {
    const T* from = x + k * b.n * b.inner;
    A* to = o + k * b.inner;
    if (narrow)
      fold_narrow<F>(from, b.n, b.inner, to, load);
    else
      fold_stripes<F>(from, b.n, b.inner, b.inner, to, load, k * b.inner);
  }
}

/// fold_one at the door.
template <class F, class A, class T, class L>
[[gnu::cold, gnu::noinline]] void launch_fold(const T* x, const Block& b, A* __restrict o, const L& load) {
  const std::int64_t row = b.n * b.inner;  // a large one is cut itself
  std::int64_t size = b.outer;
  if (row < large_work && b.elements() > large_work) size = std::max<std::int64_t>(block_elements / row, 1);
  launch(reduce_kernel, {.bytes = b.elements() * bytes_of<T> + b.outer * b.inner * bytes_of<A>}, b.outer,
         size, [=](std::int64_t first, std::int64_t last) { fold_outer<F>(x, b, first, last, o, load); });
}

/// Folds one block; of no elements to the start value.
template <class F, class A, class T, class L>
void fold_one(const T* x, const Block& b, A* __restrict o, const L& load) {
  if (b.outer == 0 || b.inner == 0) return;
  if (b.n == 0)
    return launch(reduce_kernel, {.bytes = b.outer * b.inner * bytes_of<A>},
                  [=] { std::fill_n(o, b.outer * b.inner, F::template start<A>); });
  if (!runs_unheard(b.elements())) [[unlikely]]
    return launch_fold<F>(x, b, o, load);
  fold_outer<F>(x, b, 0, b.outer, o, load);
}

}  // namespace xgrad::detail
