#pragma once

#include "xgrad/nn/dropout.hpp"
#include "xgrad/nn/linear.hpp"

namespace xgrad::nn {

struct MultiheadAttentionOptions {
  double dropout = 0;  ///< of the attention weights, in training
  bool bias = true;
  std::int64_t kdim = 0, vdim = 0;  ///< sizes of a key and of a value; 0: embed_dim
  bool batch_first = false;
  std::int64_t num_kv_heads = 0;  ///< how many heads keys and values have; 0: num_heads
  double rotary_base = 0;         ///< above 0: heads of queries and keys are turned, by rotary_embedding
  DType dtype = float32;
  Generator generator = default_generator();  ///< draws the first weights and the dropped elements
};

/// Keys and values as heads look at them: [batch, num_kv_heads, steps, head size]. A default one is empty.
struct KeyValues {
  Tensor keys, values;
  /// How many steps there are.
  std::int64_t steps() const { return keys.defined() ? keys.size(2) : 0; }
};

struct AttendOptions {
  Tensor key_padding_mask = {};  ///< [batch, source]: true is not looked at, or floating, added to the scores
  bool need_weights = false;     ///< whether the result has weights; PyTorch's default is true
  /// [target, source] or [batch * num_heads, target, source]: true is not looked at, or floating, added to
  /// the scores. The op scaled_dot_product_attention has it the other way round.
  Tensor attn_mask = {};
  bool average_attn_weights = true;  ///< over heads
  bool is_causal = false;  ///< query i sees keys up to i, or up to i + cache->steps(); no mask is needed
  /// What earlier calls saw: new keys and values are put behind it, and queries see all. For sequences that
  /// are made step by step, outside recording.
  KeyValues* cache = nullptr;
};

struct AttentionResult {
  Tensor output;  ///< as the query
  Tensor
      weights;  ///< [batch, target, source], or [batch, num_heads, target, source]; undefined unless needed
};

/// Heads that look at a source: softmax(q_h k_h^T / sqrt(d)) v_h of each head h, side by side, by out_proj,
/// with q = query W_q^T + b_q and k, v in the same way from key and value. Vaswani et al., 2017. With fewer
/// heads of keys and values than of queries, query heads share them in groups: Ainslie et al., 2023.
///
/// in_proj_weight[embed_dim + 2 kv, embed_dim], kv = num_kv_heads * head size, holds W_q, W_k and W_v below
/// each other; where kdim or vdim differ they are q_proj_weight, k_proj_weight and v_proj_weight. Weights are
/// xavier_uniform_ at first and biases 0, drawn as PyTorch draws them: the same seed gives the same numbers.
/// Throws Error unless embed_dim is a multiple of num_heads, and num_heads one of num_kv_heads.
class MultiheadAttention : public ModuleBase {
 public:
  MultiheadAttention(std::int64_t embed_dim, std::int64_t num_heads, MultiheadAttentionOptions options = {});

  /// query[target, batch, embed_dim], key[source, batch, kdim], value[source, batch, vdim], with batch_first
  /// [batch, ...]; without a batch [target, embed_dim] and so on. Where all three are one tensor they take
  /// one product. A query that sees no key gives out_proj's bias. One fused op unless weights are needed or
  /// dropped. Throws Error for shapes, dtypes and masks that do not fit.
  AttentionResult operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                             const AttendOptions& options = {}) const;
  /// The same for a source that was projected before, as that of a decoder, which stays the same for all
  /// steps; options.cache is not read.
  AttentionResult attend(const Tensor& query, const KeyValues& source,
                         const AttendOptions& options = {}) const;
  /// What `attend` looks at. Throws Error for shapes and dtypes that do not fit.
  KeyValues project(const Tensor& key, const Tensor& value) const;

  void visit(Visitor& v) override;
  std::string extra_repr() const override;

  Tensor in_proj_weight;                               ///< undefined where the three below are defined
  Tensor q_proj_weight, k_proj_weight, v_proj_weight;  ///< undefined where in_proj_weight is defined
  Tensor in_proj_bias;                                 ///< [embed_dim + 2 kv]; undefined without bias
  Linear out_proj;

 private:
  struct Projected {
    Tensor queries;
    KeyValues source;
  };

  bool is_packed() const { return in_proj_weight.defined(); }
  std::int64_t head_size() const { return embed_dim_ / num_heads_; }
  int batch_axis() const { return options_.batch_first ? 0 : 1; }
  /// Rows of the weight, or elements of the bias, from part `first` on: 0 queries, 1 keys, 2 values.
  Tensor rows(const Tensor& all, int first, int last) const;
  Tensor weight_of(int part) const;
  /// The products that project, each with a copy of its weight in evaluation, as Linear has it.
  enum Product { by_query, by_key, by_value, by_all };
  std::vector<Tensor> heads_of(const Tensor& x, Product product, const Tensor& weight, const Tensor& bias,
                               std::int64_t parts, std::int64_t heads) const;
  Projected project_all(const Tensor& query, const Tensor& key, const Tensor& value) const;
  Tensor project_query(const Tensor& query) const;
  KeyValues project_source(const Tensor& key, const Tensor& value) const;
  Tensor turned(const Tensor& heads, std::int64_t offset) const;
  AttentionResult over(const Tensor& q, const KeyValues& source, std::int64_t before,
                       const AttendOptions& options) const;
  void check_input(const char* what, const Tensor& x, std::int64_t size) const;
  void check_key_values(const char* what, const KeyValues& given, std::int64_t batch) const;
  void check_source(const Tensor& key, const Tensor& value) const;

  std::int64_t embed_dim_, num_heads_;
  MultiheadAttentionOptions options_;
  Dropout dropout_;
  PackedWeight packed_[4];
};

}  // namespace xgrad::nn
