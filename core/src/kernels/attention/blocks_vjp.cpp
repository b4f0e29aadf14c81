#include "kernels/attention/blocks.hpp"

namespace xgrad::detail {

namespace {

constexpr Kernel kernel = {.name = "attention_blocks_vjp"};

/// The keys of a head, cut into groups of whole blocks where there are few heads, so that threads can share
/// one. Each group makes a gradient of the queries of its own, and these are added up in their order: groups
/// depend on the shape alone, and so do the bits.
struct Groups {
  std::int64_t keys, blocks, count;

  template <class T>
  explicit Groups(const Attention<T>& a)
      : keys(a.keys),
        blocks((a.keys + most_keys - 1) / most_keys),
        count(std::clamp<std::int64_t>(8 / std::max<std::int64_t>(a.heads, 1), 1,
                                       std::max<std::int64_t>(blocks, 1))) {}
  Span operator[](std::int64_t i) const {
    const std::int64_t first = blocks * i / count * most_keys;
    return {first, std::min(blocks * (i + 1) / count * most_keys, keys) - first};
  }
};

/// What a block of queries brings to each block of keys, and room for a block of scores and of their
/// cotangents. With w = e^(score - peak) and r = 1 / sum(w), the cotangents of the scores are
/// w (r g v^T - sum(r g y)), and those of v are w^T (r g): so nothing is divided pair by pair.
template <class T>
struct Queries {
  T* q;        ///< scale q
  T* g;        ///< r g
  T* mean;     ///< sum(r g y)
  T* weights;  ///< w
  T* cotangents;

  static std::int64_t room(const Attention<T>& a) {
    return most_queries * (a.size + a.value_size + 2 * most_keys + 1);
  }
  Queries(const Attention<T>& a, T* at)
      : q(at),
        g(q + most_queries * a.size),
        mean(g + most_queries * a.value_size),
        weights(mean + most_queries),
        cotangents(weights + most_queries * most_keys) {}

  /// All three from the rows of a block of queries on; `share` has the r of each.
  void fill(const Attention<T>& a, std::int64_t n, const T* from_q, const T* from_g, const T* y,
            const T* share) {
    scale_to(n * a.size, a.scale, from_q, q);
    visit_row<T>(a.value_size, [&](const auto& along) {
      for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t at = i * a.value_size;
        scale_to(a.value_size, share[i], from_g + at, g + at);
        mean[i] = line_sum(along, [&](std::int64_t j) {
                    return along.load(g + at, j) * along.load(y + at, j);
                  }).get(0);
      }
    });
  }
};

/// From scores and the cotangents of the weights: w, and the cotangents of the scores.
template <class T>
void differentiate(const Attention<T>& a, std::int64_t head, Span queries, Span keys, const T* top,
                   const Queries<T>& at) {
  using V = xsimd::batch<T>;
  each_row(a, queries, keys, [&](const auto& along, std::int64_t i) {
    T *w = at.weights + i * keys.count, *d = at.cotangents + i * keys.count;
    const MaskRow<T> mask = mask_row(a, head, queries.first + i, keys.first);
    const V peak(top[i]), mean(at.mean[i]);
    for (std::int64_t j = 0; j < along.steps(); ++j) {
      const V s = along.load(w, j);
      const V e = weight_of(mask.at ? s + mask.load(along, j) : s, peak);
      along.store(w, j, e);
      along.store(d, j, e * (along.load(d, j) - mean));
    }
    std::fill(w + along.n, w + keys.count, T(0));
    std::fill(d + along.n, d + keys.count, T(0));
  });
}

/// What a block of queries and one of keys add to the gradients; dq belongs to the queries, d to the head.
template <class T>
void add_block(const Attention<T>& a, std::int64_t head, Span queries, Span keys, const T* top,
               const Queries<T>& at, T* dq, AttentionGradients<T> d) {
  const std::int64_t n = queries.count, m = keys.count, size = a.size, value_size = a.value_size;
  const std::int64_t of_k = (head * a.keys + keys.first) * size,
                     of_v = (head * a.keys + keys.first) * value_size;
  multiply_rows(queries, keys, size, at.q, a.k + of_k, at.weights);
  multiply_rows(queries, keys, value_size, at.g, a.v + of_v, at.cotangents);
  differentiate(a, head, queries, keys, top, at);
  multiply(MatrixProduct<T>{true, false, true, m, value_size, n, at.weights, m, at.g, value_size, d.v + of_v,
                            value_size});
  multiply(MatrixProduct<T>{true, false, true, m, size, n, at.cotangents, m, at.q, size, d.k + of_k, size});
  multiply(MatrixProduct<T>{false, false, true, n, size, m, at.cotangents, m, a.k + of_k, size, dq, size});
}

/// The gradients of a group of keys, and what it gives to those of the queries.
template <class T>
void run_group(const Attention<T>& a, std::int64_t head, Span group, const T* g, const T* y, const T* peaks,
               T* room, T* dq, AttentionGradients<T> d) {
  Queries<T> at(a, room);
  const std::int64_t row = head * a.queries, of_k = head * a.keys + group.first;
  std::fill_n(d.k + of_k * a.size, group.count * a.size, T(0));
  std::fill_n(d.v + of_k * a.value_size, group.count * a.value_size, T(0));
  std::fill_n(dq, a.queries * a.size, T(0));
  each_span(0, a.queries, most_queries, [&](Span queries) {
    const std::int64_t last = std::min(group.end(), a.seen(queries.end() - 1));
    if (last <= group.first) return;
    const std::int64_t i = row + queries.first;
    const T* top = peaks + row + i;
    at.fill(a, queries.count, a.q + i * a.size, g + i * a.value_size, y + i * a.value_size, top + a.queries);
    T* to = dq + queries.first * a.size;
    each_span(group.first, last, most_keys,
              [&](Span keys) { add_block(a, head, queries, keys, top, at, to, d); });
    scale_to(queries.count * a.size, a.scale, to, to);
  });
}

/// dq = the sum of those of each group.
template <class T>
void add_groups(const Attention<T>& a, std::int64_t groups, const T* parts, T* dq) {
  const std::int64_t n = a.queries * a.size;
  for (std::int64_t head = 0; head < a.heads; ++head, dq += n) {
    std::copy_n(parts, n, dq);
    parts += n;
    for (std::int64_t i = 1; i < groups; ++i, parts += n)
      for (std::int64_t j = 0; j < n; ++j) dq[j] += parts[j];
  }
}

template <class T>
void run(const Attention<T>& a, const T* g, const T* y, const T* peaks, AttentionGradients<T> d) {
  const Groups groups(a);
  const std::int64_t part = a.queries * a.size, products = 3 * a.size + 2 * a.value_size;
  const Workspace<T> parts(groups.count > 1 ? a.heads * groups.count * part : 0);
  T* dq = groups.count > 1 ? parts.data() : d.q;
  launch(kernel,
         {.bytes = 2 * a.heads * (a.queries + a.keys) * (a.size + a.value_size) * bytes_of<T>,
          .flops = 2 * a.pairs() * products},
         [=, of_groups = parts.data()] {
           parallel_for(a.heads * groups.count, worth_a_thread(a.queries * a.keys / groups.count * products),
                        [&](std::int64_t first, std::int64_t last) {
                          const Workspace<T> room(Queries<T>::room(a));
                          for (std::int64_t i = first; i < last; ++i)
                            run_group(a, i / groups.count, groups[i % groups.count], g, y, peaks, room.data(),
                                      dq + i * part, d);
                        });
           if (groups.count > 1) add_groups(a, groups.count, of_groups, d.q);
         });
}

}  // namespace

void attend_by_blocks_vjp(const Attention<float>& a, const float* g, const float* y, const float* peaks,
                          AttentionGradients<float> d) {
  run(a, g, y, peaks, d);
}
void attend_by_blocks_vjp(const Attention<double>& a, const double* g, const double* y, const double* peaks,
                          AttentionGradients<double> d) {
  run(a, g, y, peaks, d);
}

}  // namespace xgrad::detail
