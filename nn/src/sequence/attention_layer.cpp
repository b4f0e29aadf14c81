#include "layer.hpp"
#include "number.hpp"
#include "xgrad/nn/attention.hpp"
#include "xgrad/nn/init.hpp"

// What a MultiheadAttention is made of, and what may be given to it.

namespace xgrad::nn {

namespace {

/// Throws Error unless heads can be made of these sizes.
void check_heads(std::int64_t embed_dim, std::int64_t num_heads, const MultiheadAttentionOptions& o) {
  const std::string sizes =
      ": embed_dim = " + std::to_string(embed_dim) + ", num_heads = " + std::to_string(num_heads);
  if (embed_dim < 1 || num_heads < 1 || embed_dim % num_heads != 0)
    throw Error("MultiheadAttention: embed_dim must be a positive multiple of num_heads" + sizes);
  if (o.num_kv_heads < 0 || (o.num_kv_heads > 0 && num_heads % o.num_kv_heads != 0))
    throw Error("MultiheadAttention: num_heads must be a multiple of num_kv_heads" + sizes +
                ", num_kv_heads = " + std::to_string(o.num_kv_heads));
  if (o.kdim < 0 || o.vdim < 0)
    throw Error("MultiheadAttention: sizes must not be negative: kdim = " + std::to_string(o.kdim) +
                ", vdim = " + std::to_string(o.vdim));
  if (o.rotary_base < 0 || (o.rotary_base > 0 && embed_dim / num_heads % 2 != 0))
    throw Error("MultiheadAttention: rotary positions need a positive base and heads of an even size" +
                sizes + ", rotary_base = " + detail::number(o.rotary_base));
}

}  // namespace

MultiheadAttention::MultiheadAttention(std::int64_t embed_dim, std::int64_t num_heads,
                                       MultiheadAttentionOptions options)
    : out_proj((check_heads(embed_dim, num_heads, options), embed_dim), embed_dim,
               {.bias = options.bias, .dtype = options.dtype, .generator = options.generator}),
      embed_dim_(embed_dim),
      num_heads_(num_heads),
      options_(options),
      dropout_(options.dropout, options.generator) {
  if (options.num_kv_heads == 0) options_.num_kv_heads = num_heads;
  if (options.kdim == 0) options_.kdim = embed_dim;
  if (options.vdim == 0) options_.vdim = embed_dim;
  const std::int64_t kv = options_.num_kv_heads * head_size();
  const auto weight = [&](std::int64_t out, std::int64_t in) {
    return init::xavier_uniform_(detail::new_parameter("MultiheadAttention", {out, in}, options.dtype), 1,
                                 options.generator);
  };
  if (options_.kdim == embed_dim && options_.vdim == embed_dim) {
    in_proj_weight = weight(embed_dim + 2 * kv, embed_dim);
  } else {
    q_proj_weight = weight(embed_dim, embed_dim);
    k_proj_weight = weight(kv, options_.kdim);
    v_proj_weight = weight(kv, options_.vdim);
  }
  if (!options.bias) return;
  in_proj_bias =
      init::zeros_(detail::new_parameter("MultiheadAttention", {embed_dim + 2 * kv}, options.dtype));
  init::zeros_(out_proj.bias);
}

void MultiheadAttention::visit(Visitor& v) {
  v("in_proj_weight", in_proj_weight);
  v("q_proj_weight", q_proj_weight), v("k_proj_weight", k_proj_weight), v("v_proj_weight", v_proj_weight);
  v("in_proj_bias", in_proj_bias), v("out_proj", out_proj);
  if (dropout_.probability() > 0) v("dropout", dropout_);
}

std::string MultiheadAttention::extra_repr() const {
  std::string text = std::to_string(embed_dim_) + ", " + std::to_string(num_heads_);
  if (options_.num_kv_heads != num_heads_) text += ", num_kv_heads=" + std::to_string(options_.num_kv_heads);
  if (!is_packed())
    text += ", kdim=" + std::to_string(options_.kdim) + ", vdim=" + std::to_string(options_.vdim);
  if (options_.batch_first) text += ", batch_first=true";
  if (options_.rotary_base > 0) text += ", rotary_base=" + detail::number(options_.rotary_base);
  return text;
}

void MultiheadAttention::check_input(const char* what, const Tensor& x, std::int64_t size) const {
  const Tensor& weight = out_proj.weight;
  if ((x.dim("MultiheadAttention") != 2 && x.dim() != 3) || x.size(-1) != size)
    throw Error(std::string("MultiheadAttention: ") + what + " must be " +
                (options_.batch_first ? "[batch, steps, " : "[steps, batch, ") + std::to_string(size) +
                "] or [steps, " + std::to_string(size) + "]: " + what + " is " + x.describe() +
                " of MultiheadAttention(" + extra_repr() + ")");
  if (x.dtype() != weight.dtype())
    throw Error(std::string("MultiheadAttention: ") + what +
                " must have the dtype of the weights; convert one of them with to(): " + what + " is " +
                x.describe() + ", out_proj.weight is " + weight.describe());
}

void MultiheadAttention::check_key_values(const char* what, const KeyValues& given,
                                          std::int64_t batch) const {
  const Shape wanted{batch, options_.num_kv_heads, given.steps(), head_size()};
  const DType dtype = out_proj.weight.dtype();
  for (const Tensor* t : {&given.keys, &given.values})
    if (!t->defined() || t->shape() != wanted || t->dtype() != dtype)
      throw Error(std::string("MultiheadAttention: the ") + what + " must hold keys and values " +
                  name_of(dtype) + "[batch, heads, steps, size] = " + wanted.str() +
                  ", as project() makes them: one is " + (t->defined() ? t->describe() : "undefined"));
}

void MultiheadAttention::check_source(const Tensor& key, const Tensor& value) const {
  check_input("key", key, options_.kdim);
  check_input("value", value, options_.vdim);
  if (key.dim() != value.dim() || key.size(0) != value.size(0) ||
      (key.dim() == 3 && key.size(1) != value.size(1)))
    throw Error("MultiheadAttention: key and value must have the same steps and batch: key is " +
                key.describe() + ", value is " + value.describe());
}

}  // namespace xgrad::nn
