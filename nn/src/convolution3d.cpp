#include "convolution.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::nn {

namespace {

detail::Window window_of(detail::Sizes kernel, const Conv3dOptions& o) {
  const auto list = [](const Triple& t) { return detail::Sizes{t.depth, t.height, t.width}; };
  return {std::move(kernel),  list(o.stride),       list(o.dilation),
          list(o.padding.by), o.padding.keeps_size, o.padding_mode};
}

/// The slices that each slice of the result reads, as channels: [batch, channels, depth, ...] to [batch *
/// depth', channels * kernel, ...].
Tensor slices_as_channels(const Tensor& x, std::int64_t kernel, std::int64_t stride, std::int64_t dilation) {
  const std::int64_t reach = dilation * (kernel - 1) + 1;
  if (x.size(2) < reach)
    throw Error("Conv3d: the kernel reaches over more slices than there are: it needs " +
                std::to_string(reach) + ", x with its padding is " + x.describe() + "; pad it");
  const std::int64_t depth = (x.size(2) - reach) / stride + 1;
  std::vector<Tensor> taps;
  for (std::int64_t k = 0; k < kernel; ++k)
    taps.push_back(slice(x, 2, k * dilation, k * dilation + (depth - 1) * stride + 1, stride));
  const Tensor all = permute(stack(taps, 2), {0, 3, 1, 2, 4, 5});
  return reshape(all, {x.size(0) * depth, x.size(1) * kernel, x.size(3), x.size(4)});
}

}  // namespace

Conv3d::Conv3d(std::int64_t in, std::int64_t out, Triple kernel, Conv3dOptions options)
    : Convolution(options) {
  detail::make_parameters("Conv3d", *this, in, out,
                          window_of({kernel.depth, kernel.height, kernel.width}, options), options);
}

Tensor Conv3d::forward(const Tensor& x) const {
  detail::check_channels("Conv3d", x, "[batch, channels, depth, height, width]", 5,
                         weight.size(1) * options_.groups);
  const detail::Window window = window_of({weight.size(2), weight.size(3), weight.size(4)}, options_);
  const Tensor padded = pad(x, detail::pads_of(window), window.mode);
  const Tensor channels = slices_as_channels(padded, window.kernel[0], window.stride[0], window.dilation[0]);
  const Tensor flat = reshape(weight, {weight.size(0), -1, weight.size(3), weight.size(4)});
  const Tensor y = conv2d(channels, flat, bias,
                          {.stride = {options_.stride.height, options_.stride.width},
                           .dilation = {options_.dilation.height, options_.dilation.width},
                           .groups = options_.groups});
  const std::int64_t depth =
      (padded.size(2) - window.dilation[0] * (window.kernel[0] - 1) - 1) / window.stride[0] + 1;
  return permute(reshape(y, {x.size(0), depth, y.size(1), y.size(2), y.size(3)}), {0, 2, 1, 3, 4});
}

std::string Conv3d::extra_repr() const {
  return detail::describe_convolution(weight, false, options_.groups,
                                      window_of({weight.size(2), weight.size(3), weight.size(4)}, options_),
                                      bias.defined());
}

}  // namespace xgrad::nn
