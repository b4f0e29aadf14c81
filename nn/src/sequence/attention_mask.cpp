#include "sequence/attention_mask.hpp"

#include <limits>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::nn::detail {

namespace {

void check_dtype(const char* name, const Tensor& mask, DType dtype) {
  if (mask.dtype() != boolean && mask.dtype() != dtype)
    throw Error(std::string("MultiheadAttention: ") + name +
                " must be boolean, where true is not looked at, or " + name_of(dtype) +
                ", which is added to the scores: it is " + mask.describe());
}

/// [batch, 1, 1, source].
Tensor of_keys(const Tensor& mask, const ScoreSizes& s, DType dtype) {
  check_dtype("key_padding_mask", mask, dtype);
  const Shape wanted{s.batch, s.source};
  if (mask.shape() != wanted && !(s.batch == 1 && mask.shape() == Shape{s.source}))
    throw Error("MultiheadAttention: key_padding_mask must be [batch, source] = " + wanted.str() +
                ": it is " + mask.describe());
  return reshape(mask, {s.batch, 1, 1, s.source});
}

/// [1, 1, target, source] or [batch, heads, target, source].
Tensor of_pairs(const Tensor& mask, const ScoreSizes& s, DType dtype) {
  check_dtype("attn_mask", mask, dtype);
  const Shape pairs{s.target, s.source}, all{s.batch * s.heads, s.target, s.source};
  if (mask.shape() == pairs) return reshape(mask, {1, 1, s.target, s.source});
  if (mask.shape() == all) return reshape(mask, {s.batch, s.heads, s.target, s.source});
  throw Error("MultiheadAttention: attn_mask must be [target, source] = " + pairs.str() +
              " or [batch * heads, target, source] = " + all.str() + ": it is " + mask.describe());
}

/// True where key j is not before query i.
Tensor later(std::int64_t before, const ScoreSizes& s) {
  const Tensor last = arange(before, before + s.target), key = arange(s.source);
  return reshape(unsqueeze(key, 0) > unsqueeze(last, 1), {1, 1, s.target, s.source});
}

Tensor added(const Tensor& mask, DType dtype) {
  if (mask.dtype() != boolean) return mask;
  return where(mask, full({}, -std::numeric_limits<double>::infinity(), {.dtype = dtype}),
               zeros({}, {.dtype = dtype}));
}

}  // namespace

Tensor joined_mask(const AttendOptions& options, bool causal, std::int64_t before, const ScoreSizes& sizes,
                   DType dtype) {
  std::vector<Tensor> masks;
  if (options.key_padding_mask.defined()) masks.push_back(of_keys(options.key_padding_mask, sizes, dtype));
  if (options.attn_mask.defined()) masks.push_back(of_pairs(options.attn_mask, sizes, dtype));
  if (causal) masks.push_back(later(before, sizes));
  if (masks.empty()) return {};
  Tensor all = masks[0];
  for (std::size_t i = 1; i < masks.size(); ++i)
    all = all.dtype() == boolean && masks[i].dtype() == boolean ? logical_or(all, masks[i])
                                                                : added(all, dtype) + added(masks[i], dtype);
  return all.dtype() == boolean ? !all : all;
}

}  // namespace xgrad::nn::detail
