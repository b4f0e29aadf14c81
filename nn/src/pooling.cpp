#include "xgrad/nn/pooling.hpp"

#include "layer.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::nn {

namespace {

constexpr const char *line = "[batch, channels, length]", *image = "[batch, channels, height, width]";

void check_rank(const char* layer, const Tensor& x, const char* axes, int rank) {
  if (x.dim(layer) != rank)
    throw Error(std::string(layer) + ": x must be " + axes + ": x is " + x.describe());
}

std::string text(const Pair& p) {
  return p.height == p.width ? std::to_string(p.height)
                             : "(" + std::to_string(p.height) + ", " + std::to_string(p.width) + ")";
}

/// The options of a pooling along the width, which has one row.
Pair of_width(const Pair& p, int row) { return {row, p.width}; }

/// The largest of each of m parts of the last axis of an image.
Tensor largest_of_columns(const Tensor& x, int m) {
  const std::int64_t n = x.size(3);
  if (n == m) return x;
  std::vector<Tensor> parts;
  for (std::int64_t i = 0; i < m; ++i) {
    const std::int64_t start = i * n / m, stop = ((i + 1) * n + m - 1) / m;
    parts.push_back(max_pool2d(slice(x, 3, start, stop), {1, static_cast<int>(stop - start)}));
  }
  return cat(parts, 3);
}

}  // namespace

Tensor MaxPool2d::forward(const Tensor& x) const {
  check_rank("MaxPool2d", x, image, 4);
  return max_pool2d(x, kernel,
                    {.stride = options.stride, .padding = options.padding, .dilation = options.dilation});
}
Tensor MaxPool1d::forward(const Tensor& x) const {
  check_rank("MaxPool1d", x, line, 3);
  return squeeze(max_pool2d(unsqueeze(x, 2), {1, kernel},
                            {.stride = of_width(options.stride, options.stride.width ? 1 : 0),
                             .padding = of_width(options.padding, 0),
                             .dilation = of_width(options.dilation, 1)}),
                 2);
}
Tensor AvgPool2d::forward(const Tensor& x) const {
  check_rank("AvgPool2d", x, image, 4);
  return avg_pool2d(
      x, kernel,
      {.stride = options.stride, .padding = options.padding, .count_include_pad = options.count_include_pad});
}
Tensor AvgPool1d::forward(const Tensor& x) const {
  check_rank("AvgPool1d", x, line, 3);
  return squeeze(avg_pool2d(unsqueeze(x, 2), {1, kernel},
                            {.stride = of_width(options.stride, options.stride.width ? 1 : 0),
                             .padding = of_width(options.padding, 0),
                             .count_include_pad = options.count_include_pad}),
                 2);
}

Tensor AdaptiveAvgPool2d::forward(const Tensor& x) const {
  check_rank("AdaptiveAvgPool2d", x, image, 4);
  return adaptive_avg_pool2d(x, output);
}
Tensor AdaptiveAvgPool1d::forward(const Tensor& x) const {
  check_rank("AdaptiveAvgPool1d", x, line, 3);
  return squeeze(adaptive_avg_pool2d(unsqueeze(x, 2), {1, output}), 2);
}
Tensor AdaptiveMaxPool2d::forward(const Tensor& x) const {
  check_rank("AdaptiveMaxPool2d", x, image, 4);
  if (output.height < 1 || output.width < 1 || x.size(2) == 0 || x.size(3) == 0)
    throw Error("AdaptiveMaxPool2d: needs an image with pixels and an output size of at least 1: x is " +
                x.describe() + ", output size " + text(output));
  // By columns first, so that the first of equal values in row-major order is the one that is taken.
  const Tensor rows = largest_of_columns(x, output.width);
  return transpose(largest_of_columns(transpose(rows, 2, 3), output.height), 2, 3);
}

Upsample::Upsample(UpsampleOptions o) : options(o) {
  if (!options.size && !(options.scale_factor > 0))
    throw Error("Upsample: scale_factor must be above 0: got " + detail::number(options.scale_factor));
}
Tensor Upsample::forward(const Tensor& x) const {
  check_rank("Upsample", x, image, 4);
  const auto scaled = [&](std::int64_t n) {
    return static_cast<int>(static_cast<double>(n) * options.scale_factor);
  };
  const Pair size = options.size.value_or(Pair{scaled(x.size(2)), scaled(x.size(3))});
  return interpolate(x, size, {.mode = options.mode, .align_corners = options.align_corners});
}

PixelShuffle::PixelShuffle(int upscale_factor) : factor(upscale_factor) {
  detail::check_least("PixelShuffle", "upscale_factor", factor, 1);
}
Tensor PixelShuffle::forward(const Tensor& x) const {
  check_rank("PixelShuffle", x, image, 4);
  const std::int64_t r = factor, batch = x.size(0), channels = x.size(1) / (r * r);
  if (x.size(1) % (r * r) != 0)
    throw Error("PixelShuffle: the channels must be a multiple of " + std::to_string(r * r) + ": x is " +
                x.describe());
  const Tensor blocks = reshape(x, {batch, channels, r, r, x.size(2), x.size(3)});
  return reshape(permute(blocks, {0, 1, 4, 2, 5, 3}), {batch, channels, x.size(2) * r, x.size(3) * r});
}

Tensor ZeroPad2d::forward(const Tensor& x) const {
  check_rank("ZeroPad2d", x, image, 4);
  return pad(x, {border.left, border.right, border.top, border.bottom});
}
Tensor ReflectionPad2d::forward(const Tensor& x) const {
  check_rank("ReflectionPad2d", x, image, 4);
  return pad(x, {border.left, border.right, border.top, border.bottom}, PadMode::reflect);
}

namespace {

std::string describe(const Pair& kernel, const Pair& stride, const Pair& padding) {
  const bool own = stride.height != 0 || stride.width != 0;
  return "kernel_size=" + text(kernel) + ", stride=" + text(own ? stride : kernel) +
         ", padding=" + text(padding);
}
std::string describe(const Border& b) {
  return "(" + std::to_string(b.left) + ", " + std::to_string(b.right) + ", " + std::to_string(b.top) + ", " +
         std::to_string(b.bottom) + ")";
}

}  // namespace

std::string MaxPool2d::extra_repr() const {
  return describe(kernel, options.stride, options.padding) + ", dilation=" + text(options.dilation);
}
std::string MaxPool1d::extra_repr() const {
  const int stride = options.stride.width, padding = options.padding.width;
  return describe(kernel, stride, padding) + ", dilation=" + std::to_string(options.dilation.width);
}
std::string AvgPool2d::extra_repr() const { return describe(kernel, options.stride, options.padding); }
std::string AvgPool1d::extra_repr() const {
  return describe(kernel, options.stride.width, options.padding.width);
}
std::string AdaptiveAvgPool2d::extra_repr() const { return "output_size=" + text(output); }
std::string AdaptiveAvgPool1d::extra_repr() const { return "output_size=" + std::to_string(output); }
std::string AdaptiveMaxPool2d::extra_repr() const { return "output_size=" + text(output); }
std::string Upsample::extra_repr() const {
  const std::string size =
      options.size ? "size=" + text(*options.size) : "scale_factor=" + detail::number(options.scale_factor);
  return size + ", mode=" + (options.mode == Interpolation::nearest ? "nearest" : "bilinear");
}
std::string PixelShuffle::extra_repr() const { return "upscale_factor=" + std::to_string(factor); }
std::string ZeroPad2d::extra_repr() const { return describe(border); }
std::string ReflectionPad2d::extra_repr() const { return describe(border); }

}  // namespace xgrad::nn
