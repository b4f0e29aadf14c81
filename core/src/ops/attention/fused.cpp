#include <array>
#include <vector>

#include "autodiff/fields.hpp"
#include "kernels/blas/blas.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/lines.hpp"
#include "ops/attention/attention.hpp"
#include "ops/linalg/matrices.hpp"
#include "ops/support/composed.hpp"
#include "ops/support/vjp.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/broadcast.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/attention.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/normalization.hpp"

// Attention, one head after the other: all that is made for a head stays in the cache until it is used.

namespace xgrad::detail {

namespace {

constexpr Kernel attention_kernel = {.name = "attention"}, attention_vjp_kernel = {.name = "attention_vjp"};

/// Up to so many weights in all are kept until backward; more are computed again there, one head at a time,
/// so that memory grows with the length and not with its square.
constexpr std::int64_t most_kept = std::int64_t{1} << 20;

struct Attributes {
  double scale;
  bool causal, masked, kept;
  void fields(auto&& field) const { field("scale", scale), field("is_causal", causal); }
};

/// The operands of one head, and where its weights are; the mask may be null.
template <class T>
struct Head {
  const T *q, *k, *v, *mask;
  T* weights;
};

/// What all heads have in common.
struct Heads {
  std::int64_t count, queries, keys, size, value_size;
  double scale;
  bool causal;
  std::vector<std::int64_t> mask_of;  ///< where each head's mask begins

  Heads(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, Attributes a)
      : count(batch_of(q.shape()).numel()),
        queries(q.size(-2)),
        keys(k.size(-2)),
        size(q.size(-1)),
        value_size(v.size(-1)),
        scale(a.scale),
        causal(a.causal),
        mask_of(static_cast<std::size_t>(count)) {
    if (!mask.defined()) return;
    const Shape batch = batch_of(q.shape()), masks = batch_of(mask.shape());
    const Walker<1> walk(batch, {&masks});
    walk.each_inner([&](std::int64_t at, const auto& from) {
      for (std::int64_t i = 0; i < walk.size[0]; ++i)
        mask_of[static_cast<std::size_t>(at + i)] = (from[0] + i * walk.stride[0][0]) * queries * keys;
    });
  }

  template <class T>
  Head<T> head(std::int64_t i, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
               T* weights) const {
    return {ptr<T>(q) + i * queries * size, ptr<T>(k) + i * keys * size, ptr<T>(v) + i * keys * value_size,
            mask.defined() ? ptr<T>(mask) + mask_of[static_cast<std::size_t>(i)] : nullptr, weights};
  }

  /// Calls f(first, last) for the heads, on several threads where their products are worth it.
  /// `elements` are those that are read and written.
  template <class F>
  void launch(const Kernel& kernel, std::int64_t elements, DType dtype, std::int64_t products,
              const F& f) const {
    const std::int64_t each = queries * keys * (size + value_size) + 1;
    detail::launch(kernel,
                   {.bytes = elements * size_of(dtype), .flops = 2 * count * queries * keys * products},
                   count, std::max<std::int64_t>(large_product / each, 1), f);
  }

  /// Where the weights of head i are: in `kept`, or one place for all.
  template <class T>
  T* weights_of(std::int64_t i, const Tensor& kept, const Tensor& scratch) const {
    return kept.defined() ? ptr<T>(kept) + i * queries * keys : ptr<T>(scratch);
  }
};

/// s = softmax(s scale + mask) of a row of scores, of which the first `seen` take part; 0 where all are
/// masked.
template <class T, class L>
void softmax_row(const L& along, std::int64_t seen, T scale, const T* mask, T* s) {
  using V = xsimd::batch<T>;
  constexpr T low = -std::numeric_limits<T>::infinity();
  for (std::int64_t i = 0; i < along.steps(); ++i) {
    const V v = along.load(s, i) * V(scale);
    along.store(s, i, mask ? v + along.load(mask, i) : v);
  }
  std::fill(s + seen, s + along.n, low);
  const V top = line_max(along, s);
  const V total = line_sum(along, [&](std::int64_t i) {
    // Apart: on the way of exp to 0 lie subnormal numbers, which many processors are slow with.
    const V v = along.load(s, i, low);
    const auto hidden = v == V(low);
    const V e = xsimd::select(hidden, V(0), simd::exp(xsimd::select(hidden, V(0), v - top)));
    along.store(s, i, e);
    return e;
  });
  const T sum = total.get(0);
  const V share(sum == 0 ? 0 : 1 / sum);  // of a row that is wholly masked, nothing
  for (std::int64_t i = 0; i < along.steps(); ++i) along.store(s, i, along.load(s, i) * share);
}

template <class T, class L>
[[gnu::flatten]] void softmax_rows(const L& along, const Heads& h, const Head<T>& at) {
  for (std::int64_t i = 0; i < h.queries; ++i)
    softmax_row(along, h.causal ? std::min(h.keys, i + 1) : h.keys, static_cast<T>(h.scale),
                at.mask ? at.mask + i * h.keys : nullptr, at.weights + i * h.keys);
}

/// The weights of a head.
template <class T>
void make_weights(const Heads& h, const Head<T>& at) {
  gemm(false, true, h.queries, h.keys, h.size, at.q, at.k, false, at.weights);
  visit_row<T>(h.keys, [&](const auto& along) { softmax_rows(along, h, at); });
}

/// scores = weights (scores - sum(weights scores)) scale in each row: from the cotangents of the weights
/// those of the products q k^T.
template <class T, class L>
[[gnu::flatten]] void softmax_back(const L& along, const Heads& h, const T* weights, T* scores) {
  using V = xsimd::batch<T>;
  const V scale(static_cast<T>(h.scale));
  for (std::int64_t i = 0; i < h.queries; ++i, weights += h.keys, scores += h.keys) {
    const V mean =
        line_sum(along, [&](std::int64_t j) { return along.load(weights, j) * along.load(scores, j); });
    for (std::int64_t j = 0; j < along.steps(); ++j)
      along.store(scores, j, along.load(weights, j) * (along.load(scores, j) - mean) * scale);
  }
}

/// The values; `kept`, where it is defined, is filled with the weights.
Tensor value_of(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, const Tensor& kept,
                Attributes a) {
  const Heads h(q, k, v, mask, a);
  const Tensor y = new_tensor(matrix_shape(batch_of(q.shape()), h.queries, h.value_size), q.dtype());
  const std::int64_t elements = q.numel() + k.numel() + v.numel() + y.numel();
  h.launch(attention_kernel, elements, q.dtype(), h.size + h.value_size,
           [&](std::int64_t first, std::int64_t last) {
             const Tensor scratch = new_tensor({kept.defined() ? 0 : h.queries, h.keys}, q.dtype());
             visit_floating(q.dtype(), [&](auto t) {
               using T = type_of<decltype(t)>;
               for (std::int64_t i = first; i < last; ++i) {
                 const Head<T> at = h.head<T>(i, q, k, v, mask, h.weights_of<T>(i, kept, scratch));
                 make_weights(h, at);
                 gemm(false, false, h.queries, h.value_size, h.keys, at.weights, at.v, false,
                      ptr<T>(y) + i * h.queries * h.value_size);
               }
             });
           });
  return y;
}

struct AttentionGradient {
  Tensor q, k, v;
};

AttentionGradient gradient_of(const Tensor& g, const Tensor& q, const Tensor& k, const Tensor& v,
                              const Tensor& mask, const Tensor& kept, Attributes a) {
  const Heads h(q, k, v, mask, a);
  const AttentionGradient d{new_like(q), new_like(k), new_like(v)};
  const std::int64_t elements = g.numel() + 2 * (q.numel() + k.numel() + v.numel());
  const std::int64_t products = 2 * h.value_size + (kept.defined() ? 2 : 3) * h.size;
  h.launch(attention_vjp_kernel, elements, q.dtype(), products, [&](std::int64_t first, std::int64_t last) {
    const Tensor scratch = new_tensor({kept.defined() ? 0 : h.queries, h.keys}, q.dtype());
    const Tensor scores = new_tensor({h.queries, h.keys}, q.dtype());
    visit_floating(q.dtype(), [&](auto t) {
      using T = type_of<decltype(t)>;
      T* ds = ptr<T>(scores);
      for (std::int64_t i = first; i < last; ++i) {
        const Head<T> at = h.head<T>(i, q, k, v, mask, h.weights_of<T>(i, kept, scratch));
        if (!kept.defined()) make_weights(h, at);
        const T* dy = ptr<T>(g) + i * h.queries * h.value_size;
        gemm(true, false, h.keys, h.value_size, h.queries, at.weights, dy, false,
             ptr<T>(d.v) + i * h.keys * h.value_size);
        gemm(false, true, h.queries, h.keys, h.value_size, dy, at.v, false, ds);
        visit_row<T>(h.keys, [&](const auto& along) { softmax_back(along, h, at.weights, ds); });
        gemm(false, false, h.queries, h.size, h.keys, ds, at.k, false, ptr<T>(d.q) + i * h.queries * h.size);
        gemm(true, false, h.keys, h.size, h.queries, ds, at.q, false, ptr<T>(d.k) + i * h.keys * h.size);
      }
    });
  });
  return d;
}

/// The same from other ops, for second derivatives: of g, q, k, v and the mask if there is one.
std::vector<Tensor> composed_gradient(const std::vector<Tensor>& x, Fn f) {
  const auto a = f.attributes<Attributes>();
  const Tensor &g = x[0], &q = x[1], &k = x[2], &v = x[3];
  const Tensor weights = softmax(attention_scores(q, k, a.masked ? x[4] : Tensor(), a.scale, a.causal), -1);
  const Tensor scores = softmax_vjp(gemm(g, v, false, true), weights, weights.dim() - 1) * a.scale;
  return {gemm(scores, k, false, false), gemm(scores, q, true, false), gemm(weights, g, true, false)};
}

/// The gradients of q, k and v.
std::array<Tensor, 3> attention_vjp(const Tensor& g, const Tensor& q, const Tensor& k, const Tensor& v,
                                    const Tensor& mask, const Tensor& kept, Attributes a) {
  static constexpr Op op = {.name = "scaled_dot_product_attention_vjp",
                            .joint = derived<composed_gradient>,
                            .fields = &fields_of<Attributes>,
                            .again_all = [](Call c) {
                              const auto d = attention_vjp(c.x(0), c.x(1), c.x(2), c.x(3), c.x(4), {},
                                                           c.attributes<Attributes>());
                              return std::vector<Tensor>(d.begin(), d.end());
                            }};
  AttentionGradient d = gradient_of(g, q, k, v, mask, kept, a);
  std::array<Tensor, 3> all = {std::move(d.q), std::move(d.k), std::move(d.v)};
  const std::array<Ref, 5> inputs = {g, q, k, v, a.masked ? mask : q};
  record_outputs(op, std::span(inputs).first(a.masked ? 5 : 4), all, a);
  return all;
}

}  // namespace

Tensor fused_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, double scale,
                       bool causal) {
  static constexpr Op op = {
      .name = "scaled_dot_product_attention",
      .joint = {keep::every_x,
                [](std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
                  const auto a = f.attributes<Attributes>();
                  const Tensor m = a.masked ? f.x(3) : Tensor(), kept = a.kept ? f.x(3 + a.masked) : Tensor();
                  auto d = attention_vjp(g[0], f.x(0), f.x(1), f.x(2), m, kept, a);
                  std::move(d.begin(), d.end(), dx.begin());
                }},
      .scratch = 1,  // the weights, if they are kept
      .fields = &fields_of<Attributes>,
      .again = [](Call c) {
        const auto& a = c.attributes<Attributes>();
        return scaled_dot_product_attention(c.x(0), c.x(1), c.x(2),
                                            {.mask = c.x(3), .is_causal = a.causal, .scale = a.scale});
      }};
  const Shape weights = matrix_shape(batch_of(q.shape()), q.size(-2), k.size(-2));
  std::array<Ref, 5> inputs = {q, k, v, q, q};
  std::size_t count = 3;
  const bool kept =
      is_recording() && weights.numel() <= most_kept && any_requires_grad(std::span(inputs).first(count));
  const Attributes a{scale, causal, mask.defined(), kept};
  const Tensor all = new_tensor(kept ? weights : Shape{0}, q.dtype());
  if (mask.defined()) inputs[count++] = mask;
  inputs[count++] = all;
  return record(op, std::span<const Ref>(inputs).first(count),
                value_of(q, k, v, mask, kept ? all : Tensor(), a), a);
}

}  // namespace xgrad::detail
