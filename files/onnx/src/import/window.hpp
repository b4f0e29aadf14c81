#pragma once

#include "import/node.hpp"
#include "xgrad/core/ops/convolution.hpp"

namespace xgrad::onnx::detail {

/// A window over the last two axes, or over the last one: then its first numbers are 1, 1, 0, 0.
struct NodeWindow {
  std::int64_t kernel[2] = {1, 1}, stride[2] = {1, 1}, dilation[2] = {1, 1};
  std::int64_t before[2] = {0, 0}, behind[2] = {0, 0};
  bool flat = false;  ///< one axis

  /// The window that a node has over x[batch, channels, ...]. Throws Error for more than two axes, and for
  /// numbers that no window has.
  NodeWindow(const NodeCall& c, const Tensor& x, const Integers& kernel_sizes);

  bool is_symmetric() const { return before[0] == behind[0] && before[1] == behind[1]; }
  /// More padding than half a kernel.
  bool is_wide() const { return 2 * before[0] > kernel[0] || 2 * before[1] > kernel[1]; }
  Pair pair(const std::int64_t (&numbers)[2]) const {
    return {static_cast<int>(numbers[0]), static_cast<int>(numbers[1])};
  }
};

/// [batch, channels, length] as [batch, channels, 1, length], and back.
Tensor as_plane(const Tensor& x, const NodeWindow& w);
Tensor from_plane(const Tensor& y, const NodeWindow& w);

}  // namespace xgrad::onnx::detail
