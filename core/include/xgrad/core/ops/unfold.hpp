#pragma once

#include "xgrad/core/ops/convolution.hpp"

namespace xgrad {

struct UnfoldOptions {
  Pair dilation = 1;
  Pair padding = 0;
  Pair stride = 1;
};

/// The patches that a kernel sees, as columns: x[batch, channels, H, W] to [batch, channels kh kw,
/// positions].
Tensor unfold(const Tensor& x, Pair kernel, const UnfoldOptions& options = {});
/// Columns added back to their places, the transpose of unfold: [batch, channels kh kw, positions] to [batch,
/// channels, size.height, size.width].
Tensor fold(const Tensor& x, Pair size, Pair kernel, const UnfoldOptions& options = {});

}  // namespace xgrad
