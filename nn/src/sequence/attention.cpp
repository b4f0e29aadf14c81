#include "xgrad/nn/attention.hpp"

#include <cmath>

#include "layer.hpp"
#include "number.hpp"
#include "sequence/attention_mask.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/attention.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/nn/call.hpp"
#include "xgrad/nn/positions.hpp"

namespace xgrad::nn {

namespace {

/// x in a batch of one where it has none.
Tensor in_batch(const Tensor& x, int axis) { return x.dim() == 2 ? unsqueeze(x, axis) : x; }

}  // namespace

Tensor MultiheadAttention::rows(const Tensor& all, int first, int last) const {
  const std::int64_t kv = options_.num_kv_heads * head_size();
  const std::int64_t starts[] = {0, embed_dim_, embed_dim_ + kv, embed_dim_ + 2 * kv};
  return all.defined() ? slice(all, 0, starts[first], starts[last]) : all;
}

Tensor MultiheadAttention::weight_of(int part) const {
  if (is_packed()) return rows(in_proj_weight, part, part + 1);
  return part == 0 ? q_proj_weight : part == 1 ? k_proj_weight : v_proj_weight;
}

/// The parts of x weight^T + bias that lie side by side, each [batch, heads, steps, head size].
std::vector<Tensor> MultiheadAttention::heads_of(const Tensor& x, Product product, const Tensor& weight,
                                                 const Tensor& bias, std::int64_t parts,
                                                 std::int64_t heads) const {
  const PackedWeight& packed = packed_[product];
  if (is_training()) packed.clear();
  const Tensor y =
      is_training() ? linear(x, weight, bias) : linear(x, weight, bias, Activation::none, packed);
  const Tensor apart = reshape(y, {x.size(0), x.size(1), parts, heads, head_size()});
  return unbind(permute(apart, options_.batch_first ? Axes{2, 0, 3, 1, 4} : Axes{2, 1, 3, 0, 4}));
}

Tensor MultiheadAttention::project_query(const Tensor& query) const {
  return heads_of(query, by_query, weight_of(0), rows(in_proj_bias, 0, 1), 1, num_heads_)[0];
}

KeyValues MultiheadAttention::project_source(const Tensor& key, const Tensor& value) const {
  const std::int64_t heads = options_.num_kv_heads;
  if (is_packed() && key.node() == value.node()) {
    const std::vector<Tensor> both =
        heads_of(key, by_key, rows(in_proj_weight, 1, 3), rows(in_proj_bias, 1, 3), 2, heads);
    return {both[0], both[1]};
  }
  return {heads_of(key, by_key, weight_of(1), rows(in_proj_bias, 1, 2), 1, heads)[0],
          heads_of(value, by_value, weight_of(2), rows(in_proj_bias, 2, 3), 1, heads)[0]};
}

MultiheadAttention::Projected MultiheadAttention::project_all(const Tensor& query, const Tensor& key,
                                                              const Tensor& value) const {
  const bool one = query.node() == key.node() && key.node() == value.node();
  if (!one || !is_packed() || options_.num_kv_heads != num_heads_)
    return {project_query(query), project_source(key, value)};
  const std::vector<Tensor> all = heads_of(query, by_all, in_proj_weight, in_proj_bias, 3, num_heads_);
  return {all[0], {all[1], all[2]}};
}

Tensor MultiheadAttention::turned(const Tensor& heads, std::int64_t offset) const {
  if (options_.rotary_base == 0) return heads;
  return rotary_embedding(heads, {.base = options_.rotary_base, .offset = offset});
}

KeyValues MultiheadAttention::project(const Tensor& key, const Tensor& value) const {
  check_source(key, value);
  const Tensor k = in_batch(key, batch_axis());
  KeyValues source = project_source(k, value.node() == key.node() ? k : in_batch(value, batch_axis()));
  source.keys = turned(source.keys, 0);
  return source;
}

AttentionResult MultiheadAttention::operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                                               const AttendOptions& options) const {
  return detail::called(*this, [&] {
    check_input("query", query, embed_dim_);
    check_source(key, value);
    if (key.dim() != query.dim() || (query.dim() == 3 && key.size(batch_axis()) != query.size(batch_axis())))
      throw Error("MultiheadAttention: query and key must be of one batch: query is " + query.describe() +
                  ", key is " + key.describe());
    const Tensor q = in_batch(query, batch_axis());
    const Tensor k = key.node() == query.node() ? q : in_batch(key, batch_axis());
    const Tensor v = value.node() == key.node() ? k : in_batch(value, batch_axis());

    const std::int64_t before = options.cache ? options.cache->steps() : 0;
    if (before > 0) check_key_values("cache", *options.cache, q.size(batch_axis()));

    auto [queries, source] = project_all(q, k, v);
    queries = turned(queries, before), source.keys = turned(source.keys, before);
    if (before > 0)
      source = {cat({options.cache->keys, source.keys}, 2), cat({options.cache->values, source.values}, 2)};
    AttentionResult result = over(queries, source, before, options);
    if (options.cache) *options.cache = source;
    if (query.dim() == 3) return result;
    return AttentionResult{squeeze(result.output, batch_axis()),
                           result.weights.defined() ? squeeze(result.weights, 0) : Tensor()};
  });
}

AttentionResult MultiheadAttention::attend(const Tensor& query, const KeyValues& source,
                                           const AttendOptions& options) const {
  check_input("query", query, embed_dim_);
  const Tensor q = in_batch(query, batch_axis());
  check_key_values("source", source, q.size(batch_axis()));
  AttentionResult result = over(turned(project_query(q), 0), source, 0, options);
  if (query.dim() == 3) return result;
  return {squeeze(result.output, batch_axis()),
          result.weights.defined() ? squeeze(result.weights, 0) : Tensor()};
}

namespace {

/// What takes part in a product of scores.
struct Operands {
  Tensor queries, keys, values, mask;
};

/// The same with the heads of queries in groups, each of which looks at one head of keys and values. A single
/// step needs no axis for them: its heads are like the steps of one, and keys and values are not repeated.
Operands in_groups(Operands o, std::int64_t group, bool single) {
  const auto divided = [&](const Tensor& x, std::int64_t parts) {
    Shape shape = x.shape();
    shape[1] /= parts;
    if (single)
      shape[2] = parts;
    else
      shape.insert(2, parts);
    return reshape(x, shape);
  };
  o.queries = divided(o.queries, group);
  if (!single) o.keys = unsqueeze(o.keys, 2), o.values = unsqueeze(o.values, 2);
  if (o.mask.defined()) o.mask = divided(o.mask, o.mask.size(1) == 1 ? 1 : group);
  return o;
}

}  // namespace

AttentionResult MultiheadAttention::over(const Tensor& q, const KeyValues& source, std::int64_t before,
                                         const AttendOptions& options) const {
  const detail::ScoreSizes sizes{q.size(0), num_heads_, q.size(2), source.steps()};
  const bool dropped = is_training() && dropout_.probability() > 0;
  const bool composed = options.need_weights || dropped;
  const bool sees_all = sizes.target == 1 && before + 1 == sizes.source;  // the last query
  const bool causal = options.is_causal && !sees_all;
  const std::int64_t group = num_heads_ / options_.num_kv_heads;
  const bool single = group > 1 && sizes.target == 1;
  const bool by_op = causal && before == 0 && !composed && !single;
  Operands o{q, source.keys, source.values,
             detail::joined_mask(options, causal && !by_op, before, sizes, q.dtype())};
  if (group > 1) o = in_groups(std::move(o), group, single);
  Tensor seen, weights;
  if (!composed) {
    seen = scaled_dot_product_attention(o.queries, o.keys, o.values, {.mask = o.mask, .is_causal = by_op});
  } else {
    const double scale = 1 / std::sqrt(static_cast<double>(head_size()));
    Tensor scores = gemm(o.queries * scale, o.keys, false, true);
    if (o.mask.defined())
      scores = o.mask.dtype() == boolean ? where(o.mask, scores, -INFINITY) : scores + o.mask;
    weights = softmax(scores, -1);
    if (dropped) weights = dropout_(weights);
    seen = matmul(weights, o.values);
  }
  seen = reshape(seen, {sizes.batch, num_heads_, sizes.target, head_size()});
  seen = permute(seen, options_.batch_first ? Axes{0, 2, 1, 3} : Axes{2, 0, 1, 3});
  const Tensor output = out_proj(reshape(seen, {seen.size(0), seen.size(1), embed_dim_}));
  if (!options.need_weights) return {output, {}};
  weights = reshape(weights, {sizes.batch, num_heads_, sizes.target, sizes.source});
  return {output, options.average_attn_weights ? mean(weights, 1) : weights};
}

}  // namespace xgrad::nn
