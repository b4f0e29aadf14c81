#include "import/window.hpp"

#include <algorithm>

#include "xgrad/core/ops/shape.hpp"

namespace xgrad::onnx::detail {

namespace {

constexpr std::int64_t most = 1 << 14;

/// The numbers of an attribute, for the last axes.
void take(const NodeCall& c, const char* name, std::size_t axes, std::int64_t least, std::int64_t (&to)[2]) {
  const auto list = c.list(name);
  if (!list) return;
  if (list->size() != axes)
    c.fail(std::string(name) + " must have " + std::to_string(axes) + " numbers: it has " +
           std::to_string(list->size()));
  for (std::size_t i = 0; i < axes; ++i) {
    if ((*list)[i] < least || (*list)[i] > most)
      c.fail(std::string(name) + " must lie between " + std::to_string(least) + " and " +
             std::to_string(most) + ": it is " + std::to_string((*list)[i]));
    to[2 - axes + i] = (*list)[i];
  }
}

}  // namespace

NodeWindow::NodeWindow(const NodeCall& c, const Tensor& x, const Integers& kernel_sizes)
    : flat(x.dim() == 3) {
  if (x.dim() != 3 && x.dim() != 4)
    c.fail("needs x[batch, channels, length] or x[batch, channels, height, width]: x is " + x.describe() +
           "; three axes of space are not supported");
  const std::size_t axes = flat ? 1 : 2, first = 2 - axes;
  if (kernel_sizes.size() != axes)
    c.fail("the kernel must have " + std::to_string(axes) + " sizes: it has " +
           std::to_string(kernel_sizes.size()));
  for (std::size_t i = 0; i < axes; ++i) {
    if (kernel_sizes[i] < 1 || kernel_sizes[i] > most)
      c.fail("a size of the kernel must lie between 1 and " + std::to_string(most) + ": it is " +
             std::to_string(kernel_sizes[i]));
    kernel[first + i] = kernel_sizes[i];
  }
  take(c, "strides", axes, 1, stride), take(c, "dilations", axes, 1, dilation);
  const std::string automatic = c.text("auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    for (std::size_t i = 0; i < axes; ++i) {
      const std::int64_t n = x.size(2 + static_cast<int>(i)), s = stride[first + i];
      const std::int64_t extent = dilation[first + i] * (kernel[first + i] - 1) + 1;
      const std::int64_t all = std::max<std::int64_t>(0, ((n + s - 1) / s - 1) * s + extent - n);
      const std::int64_t less = all / 2, more = all - less;
      before[first + i] = automatic == "SAME_UPPER" ? less : more;
      behind[first + i] = automatic == "SAME_UPPER" ? more : less;
    }
  } else if (automatic == "NOTSET") {
    if (const auto pads = c.list("pads")) {
      if (pads->size() != 2 * axes)
        c.fail("pads must have " + std::to_string(2 * axes) + " numbers: it has " +
               std::to_string(pads->size()));
      for (std::size_t i = 0; i < axes; ++i)
        before[first + i] = (*pads)[i], behind[first + i] = (*pads)[axes + i];
    }
    for (std::size_t i = 0; i < 2; ++i)
      if (before[i] < 0 || behind[i] < 0 || before[i] > most || behind[i] > most)
        c.fail("pads must lie between 0 and " + std::to_string(most) + "; get the file again");
  } else if (automatic != "VALID") {
    c.fail("auto_pad must be NOTSET, VALID, SAME_UPPER or SAME_LOWER: it is " + automatic);
  }
}

Tensor as_plane(const Tensor& x, const NodeWindow& w) { return w.flat ? unsqueeze(x, 2) : x; }
Tensor from_plane(const Tensor& y, const NodeWindow& w) { return w.flat ? squeeze(y, 2) : y; }

}  // namespace xgrad::onnx::detail
