#pragma once

#include "kernels/attention/rows.hpp"
#include "kernels/products/product.hpp"
#include "tensor/workspace.hpp"

// Blocks of scores: what both directions do with them.

namespace xgrad::detail {

/// The sides of a block: whole tiles of products, and few enough that its scores, their cotangents and what
/// they are made of stay in the L2 cache.
inline constexpr std::int64_t most_queries = 128, most_keys = 240;

/// Neighbouring queries or keys.
struct Span {
  std::int64_t first, count;
  std::int64_t end() const { return first + count; }
};

/// f(span) for the blocks of [first, last), each of at most so many.
template <class F>
void each_span(std::int64_t first, std::int64_t last, std::int64_t most, const F& f) {
  for (; first < last; first += most) f(Span{first, std::min(most, last - first)});
}

/// to = from factor.
template <class T>
void scale_to(std::int64_t n, T factor, const T* from, T* to) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = from[i] * factor;
}

/// f(along, i) for the rows of a block, where `along` goes over the keys that row i sees: apart from the end
/// of a causal head these are all of them.
template <class T, class F>
[[gnu::flatten]] void each_row(const Attention<T>& a, Span queries, Span keys, const F& f) {
  if (a.seen(queries.first) >= keys.end())
    return visit_row<T>(keys.count, [&](const auto& along) {
      for (std::int64_t i = 0; i < queries.count; ++i) f(along, i);
    });
  for (std::int64_t i = 0; i < queries.count; ++i)
    f(Row<T>{std::clamp<std::int64_t>(a.seen(queries.first + i) - keys.first, 0, keys.count)}, i);
}

/// scores[queries, keys] = q k^T, q and k at the first of each.
template <class T>
void multiply_rows(Span queries, Span keys, std::int64_t size, const T* q, const T* k, T* scores) {
  multiply(MatrixProduct<T>{false, true, false, queries.count, keys.count, size, q, size, k, size, scores,
                            keys.count});
}

}  // namespace xgrad::detail
