#pragma once

#include "xgrad/nn/attention.hpp"

namespace xgrad::nn::detail {

/// The sizes of scores.
struct ScoreSizes {
  std::int64_t batch, heads, target, source;
};

/// The masks of a call as one, [batch or 1, heads or 1, target or 1, source]: boolean, where true takes part,
/// or floating and added to the scores; undefined where there is none. `causal` counts only where query i
/// sees the keys up to i + before. Throws Error, in the name of MultiheadAttention, for shapes and dtypes
/// that do not fit.
Tensor joined_mask(const AttendOptions& options, bool causal, std::int64_t before, const ScoreSizes& sizes,
                   DType dtype);

}  // namespace xgrad::nn::detail
