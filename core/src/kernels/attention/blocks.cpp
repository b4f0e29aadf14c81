#include "kernels/attention/blocks.hpp"

namespace xgrad::detail {

namespace {

constexpr Kernel kernel = {.name = "attention_blocks"};

/// What is known of a block's queries after some of their keys.
template <class T>
struct Running {
  T top[most_queries];  ///< the largest score
  T sum[most_queries];  ///< of e^(score - top)

  void clear() {
    std::fill_n(top, most_queries, -std::numeric_limits<T>::infinity());
    std::fill_n(sum, most_queries, T(0));
  }
};

/// s becomes e^(s + mask - top) where top is the largest score so far; what was summed up before, and the row
/// of y, are brought to the new top.
template <class T, class L>
void absorb_row(const L& along, MaskRow<T> mask, T* s, T& top, T& sum, std::int64_t n, T* y) {
  using V = xsimd::batch<T>;
  if (mask.at)
    for (std::int64_t i = 0; i < along.steps(); ++i)
      along.store(s, i, along.load(s, i) + mask.load(along, i));
  const V before(top), now = xsimd::max(before, line_max(along, s)), from = unmasked(now);
  const T fade = simd::exp(before - from).get(0);
  top = now.get(0);
  if (sum != 0 && fade != 1) {  // else y is 0, or not yet written
    sum *= fade;
    scale_to(n, fade, y, y);
  }
  const V part = line_sum(along, [&](std::int64_t i) {
    const V e = weight_of(along.load(s, i, -std::numeric_limits<T>::infinity()), from);
    along.store(s, i, e);
    return e;
  });
  sum += part.get(0);
}

/// All rows of a block of scores.
template <class T>
void absorb(const Attention<T>& a, std::int64_t head, Span queries, Span keys, T* scores, Running<T>& state,
            T* y) {
  each_row(a, queries, keys, [&](const auto& along, std::int64_t i) {
    T* s = scores + i * keys.count;
    if (along.n > 0)
      absorb_row(along, mask_row(a, head, queries.first + i, keys.first), s, state.top[i], state.sum[i],
                 a.value_size, y + i * a.value_size);
    std::fill(s + along.n, s + keys.count, T(0));
  });
}

/// y and the peaks of a block of queries. `room` is for its scaled queries and a block of scores.
template <class T>
void attend(const Attention<T>& a, std::int64_t head, Span queries, T* room, Running<T>& state, T* peaks,
            T* y) {
  T *q = room, *scores = q + most_queries * a.size;
  scale_to(queries.count * a.size, a.scale, a.q + (head * a.queries + queries.first) * a.size, q);
  state.clear();
  const std::int64_t visible = a.seen(queries.end() - 1);
  if (visible == 0) std::fill_n(y, queries.count * a.value_size, T(0));
  each_span(0, visible, most_keys, [&](Span keys) {
    const std::int64_t at = head * a.keys + keys.first;
    multiply_rows(queries, keys, a.size, q, a.k + at * a.size, scores);
    absorb(a, head, queries, keys, scores, state, y);
    multiply(MatrixProduct<T>{false, false, keys.first > 0, queries.count, a.value_size, keys.count, scores,
                              keys.count, a.v + at * a.value_size, a.value_size, y, a.value_size});
  });
  for (std::int64_t i = 0; i < queries.count; ++i, ++peaks, y += a.value_size) {
    const T share = state.sum[i] == 0 ? 0 : 1 / state.sum[i];  // of a row that is wholly masked, nothing
    peaks[0] = state.sum[i] == 0 ? 0 : state.top[i], peaks[a.queries] = share;
    scale_to(a.value_size, share, y, y);
  }
}

template <class T>
void run(const Attention<T>& a, T* peaks, T* y) {
  const std::int64_t blocks = (a.queries + most_queries - 1) / most_queries, row = a.size + a.value_size;
  launch(kernel, {.bytes = a.heads * (a.queries + a.keys) * row * bytes_of<T>, .flops = 2 * a.pairs() * row},
         a.heads * blocks, worth_a_thread(std::min(a.queries, most_queries) * a.keys * row),
         [=](std::int64_t first, std::int64_t last) {
           const Workspace<T> room(most_queries * (a.size + most_keys));
           Running<T> state;
           for (std::int64_t i = first; i < last; ++i) {
             const std::int64_t head = i / blocks, at = i % blocks * most_queries;
             attend(a, head, Span{at, std::min(most_queries, a.queries - at)}, room.data(), state,
                    peaks + 2 * head * a.queries + at, y + (head * a.queries + at) * a.value_size);
           }
         });
}

}  // namespace

void attend_by_blocks(const Attention<float>& a, float* peaks, float* y) { run(a, peaks, y); }
void attend_by_blocks(const Attention<double>& a, double* peaks, double* y) { run(a, peaks, y); }

}  // namespace xgrad::detail
