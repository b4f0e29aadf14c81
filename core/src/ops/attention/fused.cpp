#include <array>
#include <vector>

#include "autodiff/fields.hpp"
#include "kernels/attention/attention.hpp"
#include "kernels/loops/dispatch.hpp"
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

// Attention as one node, by weights or by blocks.

namespace xgrad::detail {

namespace {

/// Up to so many weights in all heads are kept until backward, which takes a fifth less time than to make
/// them again; where there are more, heads go by blocks.
constexpr std::int64_t most_kept = std::int64_t{1} << 20;

/// Causal heads of so many pairs go by blocks all the same: those that are left out are worth more.
constexpr std::int64_t causal_by_blocks = std::int64_t{1} << 16;

struct Attributes {
  double scale;
  bool causal, masked;
  void fields(auto&& field) const { field("scale", scale), field("is_causal", causal); }
};

/// Operands of one batch; the mask may be undefined.
class Operands {
 public:
  Operands(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, Attributes a)
      : q_(q), k_(k), v_(v), mask_(mask), attributes_(a), batch_(batch_of(q.shape())) {
    if (!mask.defined()) return;
    const Shape masks = batch_of(mask.shape());
    const Walker<1> walk(batch_, {&masks});
    mask_of_.resize(static_cast<std::size_t>(batch_.numel()));
    walk.each_inner([&](std::int64_t at, const auto& from) {
      for (std::int64_t i = 0; i < walk.size[0]; ++i)
        mask_of_[static_cast<std::size_t>(at + i)] =
            (from[0] + i * walk.stride[0][0]) * mask.size(-2) * mask.size(-1);
    });
  }

  /// By shape alone, so that values have the same bits with gradients and without.
  bool by_blocks() const {
    const std::int64_t pairs = q_.size(-2) * k_.size(-2);
    return batch_.numel() * pairs > most_kept || (attributes_.causal && pairs >= causal_by_blocks);
  }
  Shape value_shape() const { return matrix_shape(batch_, q_.size(-2), v_.size(-1)); }
  /// Of what backward needs besides the operands: weights, or two numbers for each query.
  Shape kept_shape() const {
    return by_blocks() ? matrix_shape(batch_, 2, q_.size(-2))
                       : matrix_shape(batch_, q_.size(-2), k_.size(-2));
  }

  /// Calls f with the operands as kernels take them.
  template <class F>
  void visit(const F& f) const {
    visit_floating(q_.dtype(), [&](auto t) {
      using T = type_of<decltype(t)>;
      const auto step = [&](int axis, std::int64_t n) { return mask_.size(axis) == 1 ? 0 : n; };
      f(Attention<T>{.heads = batch_.numel(),
                     .queries = q_.size(-2),
                     .keys = k_.size(-2),
                     .size = q_.size(-1),
                     .value_size = v_.size(-1),
                     .scale = static_cast<T>(attributes_.scale),
                     .causal = attributes_.causal,
                     .q = ptr<T>(q_),
                     .k = ptr<T>(k_),
                     .v = ptr<T>(v_),
                     .mask = mask_.defined() ? ptr<T>(mask_) : nullptr,
                     .mask_of = mask_of_.data(),
                     .mask_row = mask_.defined() ? step(-2, mask_.size(-1)) : 0,
                     .mask_column = mask_.defined() ? step(-1, 1) : 0});
    });
  }

 private:
  const Tensor &q_, &k_, &v_, &mask_;
  Attributes attributes_;
  Shape batch_;
  std::vector<std::int64_t> mask_of_;  ///< where each head's begins
};

/// Where the elements are, or null where there are none.
template <class T>
T* or_null(const Tensor& t) {
  return t.defined() && t.numel() > 0 ? ptr<T>(t) : nullptr;
}

/// The values; fills `kept`, which may be empty where weights are made.
Tensor value_of(const Operands& x, DType dtype, const Tensor& kept) {
  const Tensor y = new_tensor(x.value_shape(), dtype);
  x.visit([&]<class T>(const Attention<T>& a) {
    x.by_blocks() ? attend_by_blocks(a, ptr<T>(kept), ptr<T>(y))
                  : attend_by_weights(a, or_null<T>(kept), ptr<T>(y));
  });
  return y;
}

/// The weights, and the cotangents of the scores, from other ops.
struct Composed {
  Tensor weights, scores;

  Composed(const Tensor& g, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
           Attributes a)
      : weights(softmax(attention_scores(q, k, mask, a.scale, a.causal), -1)),
        scores(softmax_vjp(gemm(g, v, false, true), weights, weights.dim() - 1)) {}
};

/// The gradients from other ops, for second derivatives: of g, q, k, v and the mask if there is one.
std::vector<Tensor> composed_gradient(const std::vector<Tensor>& x, Fn f) {
  const auto a = f.attributes<Attributes>();
  const Tensor &g = x[0], &q = x[1], &k = x[2];
  const Composed c(g, q, k, x[3], a.masked ? x[4] : Tensor(), a);
  const Tensor scores = c.scores * a.scale;
  return {gemm(scores, k, false, false), gemm(scores, q, true, false), gemm(c.weights, g, true, false)};
}

/// The gradients of q, k and v. `y` and `kept` are those of the forward pass, or undefined and made again.
std::array<Tensor, 3> attention_vjp(const Tensor& g, const Tensor& q, const Tensor& k, const Tensor& v,
                                    const Tensor& mask, Tensor y, Tensor kept, Attributes attributes) {
  static constexpr Op op = {.name = "scaled_dot_product_attention_vjp",
                            .joint = derived<composed_gradient>,
                            .fields = &fields_of<Attributes>,
                            .again_all = [](Call c) {
                              const auto d = attention_vjp(c.x(0), c.x(1), c.x(2), c.x(3), c.x(4), {}, {},
                                                           c.attributes<Attributes>());
                              return std::vector<Tensor>(d.begin(), d.end());
                            }};
  const Operands x(q, k, v, mask, attributes);
  if (x.by_blocks() && !kept.defined()) {
    kept = new_tensor(x.kept_shape(), q.dtype());
    y = value_of(x, q.dtype(), kept);
  }
  std::array<Tensor, 3> all = {new_like(q), new_like(k), new_like(v)};
  x.visit([&]<class T>(const Attention<T>& a) {
    const AttentionGradients<T> d = {ptr<T>(all[0]), ptr<T>(all[1]), ptr<T>(all[2])};
    x.by_blocks() ? attend_by_blocks_vjp(a, ptr<T>(g), ptr<T>(y), ptr<T>(kept), d)
                  : attend_by_weights_vjp(a, ptr<T>(g), or_null<T>(kept), d);
  });
  const std::array<Ref, 5> inputs = {g, q, k, v, attributes.masked ? mask : q};
  record_outputs(op, std::span(inputs).first(attributes.masked ? 5 : 4), all, attributes);
  return all;
}

template <bool by_blocks>
constexpr Op attention_op = {
    .name = "scaled_dot_product_attention",
    .joint = {by_blocks ? keep::every_x | keep::y : keep::every_x,
              [](std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
                const auto a = f.attributes<Attributes>();
                const Tensor q = f.x(0), k = f.x(1), v = f.x(2), mask = a.masked ? f.x(3) : Tensor();
                if (a.masked && f.wants(3)) dx[3] = Composed(g[0], q, k, v, mask, a).scores;
                if (!(f.wants(0) || f.wants(1) || f.wants(2))) return;
                auto d =
                    attention_vjp(g[0], q, k, v, mask, by_blocks ? f.y() : Tensor(), f.x(3 + a.masked), a);
                std::move(d.begin(), d.end(), dx.begin());
              }},
    .scratch = 1,  // what is kept
    .fields = &fields_of<Attributes>,
    .again = [](Call c) {
      const auto& a = c.attributes<Attributes>();
      return scaled_dot_product_attention(c.x(0), c.x(1), c.x(2),
                                          {.mask = c.x(3), .is_causal = a.causal, .scale = a.scale});
    }};

}  // namespace

Tensor fused_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, double scale,
                       bool causal) {
  const Attributes a{scale, causal, mask.defined()};
  const Operands x(q, k, v, mask, a);
  std::array<Ref, 5> inputs = {q, k, v, q, q};
  std::size_t count = 3;
  const bool kept = x.by_blocks() || (is_recording() && any_requires_grad(std::span(inputs).first(count)));
  const Tensor all = new_tensor(kept ? x.kept_shape() : Shape{0}, q.dtype());
  if (mask.defined()) inputs[count++] = mask;
  inputs[count++] = all;
  return record(x.by_blocks() ? attention_op<true> : attention_op<false>,
                std::span<const Ref>(inputs).first(count), value_of(x, q.dtype(), all), a);
}

}  // namespace xgrad::detail
