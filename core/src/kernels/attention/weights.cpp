#include "kernels/attention/rows.hpp"
#include "tensor/workspace.hpp"

namespace xgrad::detail {

namespace {

constexpr Kernel attention_kernel = {.name = "attention"}, attention_vjp_kernel = {.name = "attention_vjp"};

/// s = softmax(s scale + mask) of a row of scores, of which the first `seen` take part; 0 where all are
/// masked.
template <class T, class L>
void softmax_row(const L& along, std::int64_t seen, T scale, MaskRow<T> mask, T* s) {
  using V = xsimd::batch<T>;
  constexpr T low = -std::numeric_limits<T>::infinity();
  for (std::int64_t i = 0; i < along.steps(); ++i) {
    const V v = along.load(s, i) * V(scale);
    along.store(s, i, mask.at ? v + mask.load(along, i) : v);
  }
  std::fill(s + seen, s + along.n, low);
  const V top = line_max(along, s);
  const V total = line_sum(along, [&](std::int64_t i) {
    const V e = weight_of(along.load(s, i, low), top);
    along.store(s, i, e);
    return e;
  });
  const T sum = total.get(0);
  const V share(sum == 0 ? 0 : 1 / sum);  // of a row that is wholly masked, nothing
  for (std::int64_t i = 0; i < along.steps(); ++i) along.store(s, i, along.load(s, i) * share);
}

template <class T, class L>
[[gnu::flatten]] void softmax_rows(const L& along, const Attention<T>& a, std::int64_t head, T* weights) {
  for (std::int64_t i = 0; i < a.queries; ++i)
    softmax_row(along, a.seen(i), a.scale, mask_row(a, head, i, 0), weights + i * a.keys);
}

/// The weights of a head.
template <class T>
void make_weights(const Attention<T>& a, std::int64_t head, T* weights) {
  gemm(false, true, a.queries, a.keys, a.size, a.q + head * a.queries * a.size, a.k + head * a.keys * a.size,
       false, weights);
  visit_row<T>(a.keys, [&](const auto& along) { softmax_rows(along, a, head, weights); });
}

/// scores = weights (scores - sum(weights scores)) scale in each row: from the cotangents of the weights
/// those of the products q k^T.
template <class T, class L>
[[gnu::flatten]] void softmax_back(const L& along, const Attention<T>& a, const T* weights, T* scores) {
  using V = xsimd::batch<T>;
  const V scale(a.scale);
  for (std::int64_t i = 0; i < a.queries; ++i, weights += a.keys, scores += a.keys) {
    const V mean =
        line_sum(along, [&](std::int64_t j) { return along.load(weights, j) * along.load(scores, j); });
    for (std::int64_t j = 0; j < along.steps(); ++j)
      along.store(scores, j, along.load(weights, j) * (along.load(scores, j) - mean) * scale);
  }
}

/// The door: f(first, last) for the heads, on several threads where their products are worth it. `products`
/// are those of one pair; y, or what is like it, and the operands are read or written so often.
template <class T, class F>
void each_heads(const Kernel& kernel, const Attention<T>& a, std::int64_t products, std::int64_t often,
                const F& f) {
  const std::int64_t scores = a.queries * a.keys, row = a.size + a.value_size;
  launch(kernel,
         {.bytes = often * a.heads * (a.queries + a.keys) * row * bytes_of<T>,
          .flops = 2 * a.heads * scores * products},
         a.heads, worth_a_thread(scores * row), f);
}

template <class T>
void run(const Attention<T>& a, T* kept, T* y) {
  const std::int64_t scores = a.queries * a.keys;
  each_heads(attention_kernel, a, a.size + a.value_size, 1, [=](std::int64_t first, std::int64_t last) {
    const Workspace<T> room(kept ? 0 : scores);
    for (std::int64_t i = first; i < last; ++i) {
      T* weights = kept ? kept + i * scores : room.data();
      make_weights(a, i, weights);
      gemm(false, false, a.queries, a.value_size, a.keys, weights, a.v + i * a.keys * a.value_size, false,
           y + i * a.queries * a.value_size);
    }
  });
}

/// The gradients of a head; `scores` is room for as many numbers as there are weights.
template <class T>
void run_back(const Attention<T>& a, std::int64_t head, const T* g, const T* weights, T* scores,
              AttentionGradients<T> d) {
  const std::int64_t of_q = head * a.queries * a.size, of_k = head * a.keys * a.size,
                     of_v = head * a.keys * a.value_size;
  g += head * a.queries * a.value_size;
  gemm(true, false, a.keys, a.value_size, a.queries, weights, g, false, d.v + of_v);
  gemm(false, true, a.queries, a.keys, a.value_size, g, a.v + of_v, false, scores);
  visit_row<T>(a.keys, [&](const auto& along) { softmax_back(along, a, weights, scores); });
  gemm(false, false, a.queries, a.size, a.keys, scores, a.k + of_k, false, d.q + of_q);
  gemm(true, false, a.keys, a.size, a.queries, scores, a.q + of_q, false, d.k + of_k);
}

template <class T>
void run_back(const Attention<T>& a, const T* g, const T* kept, AttentionGradients<T> d) {
  const std::int64_t scores = a.queries * a.keys;
  const std::int64_t products = 2 * a.value_size + (kept ? 2 : 3) * a.size;
  each_heads(attention_vjp_kernel, a, products, 2, [=](std::int64_t first, std::int64_t last) {
    const Workspace<T> room((kept ? 1 : 2) * scores);
    for (std::int64_t i = first; i < last; ++i) {
      if (!kept) make_weights(a, i, room.data() + scores);
      run_back(a, i, g, kept ? kept + i * scores : room.data() + scores, room.data(), d);
    }
  });
}

}  // namespace

void attend_by_weights(const Attention<float>& a, float* weights, float* y) { run(a, weights, y); }
void attend_by_weights(const Attention<double>& a, double* weights, double* y) { run(a, weights, y); }

void attend_by_weights_vjp(const Attention<float>& a, const float* g, const float* weights,
                           AttentionGradients<float> d) {
  run_back(a, g, weights, d);
}
void attend_by_weights_vjp(const Attention<double>& a, const double* g, const double* weights,
                           AttentionGradients<double> d) {
  run_back(a, g, weights, d);
}

}  // namespace xgrad::detail
