#pragma once

#include <string>

#include "kernels/convolution/im2col.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/convolution.hpp"

namespace xgrad::detail {

/// The window of a user's options. Throws Error for numbers that make no sense.
Window window_of(const char* op, Pair kernel, Pair stride, Pair padding, Pair dilation);
/// Throws Error where the window is larger than the padded image; `all` describes the operands.
void check_fits(const char* op, const Window& k, std::int64_t h, std::int64_t w, const std::string& all);

}  // namespace xgrad::detail
