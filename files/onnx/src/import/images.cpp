#include <algorithm>
#include <cmath>

#include "import/window.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/pooling.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

// Convolutions and pooling over one or two axes.

namespace xgrad::onnx::detail {

namespace {

Integers kernel_of(const Tensor& weight) {
  Integers kernel;
  for (int i = 2; i < weight.dim(); ++i) kernel.push_back(weight.size(i));
  return kernel;
}
int groups_of(const NodeCall& c) {
  const std::int64_t groups = c.integer("group", 1);
  if (groups < 1 || groups > 1 << 20) c.fail("group must be at least 1: it is " + std::to_string(groups));
  return static_cast<int>(groups);
}
/// x with a value around it, as the window has it; the window is symmetric then.
Tensor padded(const Tensor& x, NodeWindow& w, double value) {
  const Tensor y = pad(x, {w.before[1], w.behind[1], w.before[0], w.behind[0]}, PadMode::constant, value);
  for (std::size_t i = 0; i < 2; ++i) w.before[i] = w.behind[i] = 0;
  return y;
}

Tensors convolve(const NodeCall& c) {
  const Tensor& weight = c.x(1);
  NodeWindow w(c, c.x(0), kernel_of(weight));
  Tensor x = as_plane(c.x(0), w);
  if (!w.is_symmetric()) x = padded(x, w, 0);
  const ConvOptions options{.stride = w.pair(w.stride),
                            .padding = w.pair(w.before),
                            .dilation = w.pair(w.dilation),
                            .groups = groups_of(c)};
  return one(from_plane(conv2d(x, as_plane(weight, w), c.optional(2), options), w));
}

Tensors convolve_transposed(const NodeCall& c) {
  const Tensor& weight = c.x(1);
  const NodeWindow w(c, c.x(0), kernel_of(weight));
  const Tensor x = as_plane(c.x(0), w);
  const std::size_t axes = w.flat ? 1 : 2, first = 2 - axes;
  std::int64_t more[2] = {0, 0}, cut[2][2] = {{w.before[0], w.behind[0]}, {w.before[1], w.behind[1]}};
  if (const auto list = c.list("output_padding")) {
    if (list->size() != axes)
      c.fail("output_padding must have " + std::to_string(axes) + " numbers: it has " +
             std::to_string(list->size()));
    for (std::size_t i = 0; i < axes; ++i) more[first + i] = (*list)[i];
  }
  const auto shape = c.list("output_shape");
  const std::string automatic = c.text("auto_pad", "NOTSET");
  for (std::size_t i = 0; i < axes; ++i) {
    const std::size_t at = first + i;
    const std::int64_t whole = (x.size(2 + static_cast<int>(at)) - 1) * w.stride[at] +
                               w.dilation[at] * (w.kernel[at] - 1) + 1 + more[at];
    std::int64_t wanted = -1;
    if (shape && shape->size() == axes) wanted = (*shape)[i];
    if (!shape && automatic.starts_with("SAME")) wanted = x.size(2 + static_cast<int>(at)) * w.stride[at];
    if (wanted < 0) continue;
    const std::int64_t all = whole - wanted;
    if (all < 0) {  // larger than what the windows cover
      more[at] -= all, cut[at][0] = cut[at][1] = 0;
      continue;
    }
    cut[at][0] = automatic == "SAME_UPPER" ? all / 2 : all - all / 2, cut[at][1] = all - cut[at][0];
  }
  // All that the windows cover, then zeros behind, then what is cut off.
  const Tensor y =
      conv_transpose2d(x, as_plane(weight, w), {},
                       {.stride = w.pair(w.stride), .groups = groups_of(c), .dilation = w.pair(w.dilation)});
  Tensor z = pad(y, {-cut[1][0], more[1] - cut[1][1], -cut[0][0], more[0] - cut[0][1]});
  if (c.has(2)) z = add(z, reshape(c.x(2), {c.x(2).numel(), 1, 1}));
  return one(from_plane(z, w));
}

/// Room behind the image for the last window of a size that is rounded up, if it begins before the padding.
void round_up(const NodeCall& c, const Tensor& x, NodeWindow& w) {
  if (c.integer("ceil_mode", 0) == 0) return;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t n = x.size(2 + static_cast<int>(i)), extent = w.dilation[i] * (w.kernel[i] - 1) + 1;
    const std::int64_t room = n + w.before[i] + w.behind[i] - extent;
    const std::int64_t rest = room < 0 ? 0 : room % w.stride[i];
    if (rest > 0 && (room / w.stride[i] + 1) * w.stride[i] < n + w.before[i])
      w.behind[i] += w.stride[i] - rest;
  }
}

Tensors max_pool(const NodeCall& c) {
  if (c.wants(1)) c.fail("the places of the largest are not supported; export the model without them");
  NodeWindow w(c, c.x(0), c.list("kernel_shape").value_or(Integers{}));
  Tensor x = as_plane(c.x(0), w);
  round_up(c, x, w);
  // Where the plain op has no such padding, it is put around x.
  if (!w.is_symmetric() || w.is_wide()) x = padded(x, w, -INFINITY);
  return one(from_plane(
      max_pool2d(x, w.pair(w.kernel),
                 {.stride = w.pair(w.stride), .padding = w.pair(w.before), .dilation = w.pair(w.dilation)}),
      w));
}

Tensors average_pool(const NodeCall& c) {
  NodeWindow w(c, c.x(0), c.list("kernel_shape").value_or(Integers{}));
  Tensor x = as_plane(c.x(0), w);
  if (w.dilation[0] != 1 || w.dilation[1] != 1) c.fail("dilations must be 1; export the model without them");
  const bool with_padding = c.integer("count_include_pad", 0) != 0;
  if (w.is_symmetric() && !w.is_wide() && c.integer("ceil_mode", 0) == 0)
    return one(from_plane(
        avg_pool2d(
            x, w.pair(w.kernel),
            {.stride = w.pair(w.stride), .padding = w.pair(w.before), .count_include_pad = with_padding}),
        w));
  // Sums over the padded image, by how many of a window's places count.
  Tensor counted = ones({1, 1, x.size(2), x.size(3)}, x.dtype());
  if (with_padding)
    counted = pad(counted, {w.before[1], w.behind[1], w.before[0], w.behind[0]}, PadMode::constant, 1);
  NodeWindow wide = w;
  round_up(c, x, wide);
  if (with_padding)
    counted = pad(counted, {0, wide.behind[1] - w.behind[1], 0, wide.behind[0] - w.behind[0]});
  else
    counted = pad(counted, {wide.before[1], wide.behind[1], wide.before[0], wide.behind[0]});
  x = padded(x, wide, 0);
  const PoolOptions options{.stride = w.pair(w.stride)};
  return one(from_plane(
      div(avg_pool2d(x, w.pair(w.kernel), options), avg_pool2d(counted, w.pair(w.kernel), options)), w));
}

Axes axes_of_space(const NodeCall& c) {
  if (c.x(0).dim() < 3) c.fail("needs x[batch, channels, ...]: x is " + c.x(0).describe());
  std::vector<int> axes;
  for (int i = 2; i < c.x(0).dim(); ++i) axes.push_back(i);
  return Axes(axes);
}
Tensors global_average(const NodeCall& c) { return one(mean(c.x(0), axes_of_space(c), true)); }
Tensors global_max(const NodeCall& c) { return one(amax(c.x(0), axes_of_space(c), true)); }

}  // namespace

void add_images(ImportTable& t) {
  t["Conv"] = convolve, t["ConvTranspose"] = convolve_transposed, t["MaxPool"] = max_pool,
  t["AveragePool"] = average_pool;
  t["GlobalAveragePool"] = global_average, t["GlobalMaxPool"] = global_max;
}

}  // namespace xgrad::onnx::detail
