#include "convolution.hpp"

#include <algorithm>
#include <cmath>

#include "xgrad/nn/init.hpp"

namespace xgrad::nn {

namespace detail {

namespace {

void check_groups(const char* layer, const char* name, std::int64_t channels, int groups) {
  if (channels % groups != 0)
    throw Error(std::string(layer) + ": groups must divide " + name + ": " + name + " = " +
                std::to_string(channels) + ", groups = " + std::to_string(groups));
}

std::string tuple(const Sizes& sizes) {
  std::string text = "(";
  for (const std::int64_t s : sizes) text += (text.size() > 1 ? ", " : "") + std::to_string(s);
  return text + (sizes.size() == 1 ? ",)" : ")");
}

bool all(const Sizes& sizes, std::int64_t value) {
  return std::ranges::all_of(sizes, [value](std::int64_t s) { return s == value; });
}

const char* name_of(PadMode mode) {
  return mode == PadMode::reflect ? "reflect" : mode == PadMode::replicate ? "replicate" : "circular";
}

}  // namespace

void check_convolution(const char* layer, std::int64_t in, std::int64_t out, int groups, const Window& window,
                       DType dtype) {
  check_least(layer, "in_channels", in, 1);
  check_least(layer, "out_channels", out, 1);
  check_least(layer, "groups", groups, 1);
  check_groups(layer, "in_channels", in, groups);
  check_groups(layer, "out_channels", out, groups);
  for (const std::int64_t k : window.kernel) check_least(layer, "kernel_size", k, 1);
  for (const std::int64_t s : window.stride) check_least(layer, "stride", s, 1);
  for (const std::int64_t d : window.dilation) check_least(layer, "dilation", d, 1);
  for (const std::int64_t p : window.padding) check_least(layer, "padding", p, 0);
  if (window.keeps_size && !all(window.stride, 1))
    throw Error(std::string(layer) + ": padding = same needs a stride of 1: got stride = " +
                tuple(window.stride) + "; give the padding as a number");
  check_weight_dtype(layer, dtype);
}

void start_convolution(Tensor& weight, Tensor& bias, const Generator& generator) {
  // As PyTorch has it: He's bound for a leaky rectifier of slope sqrt(5), which is 1 / sqrt(fan).
  init::kaiming_uniform_(weight, {.slope = std::sqrt(5.0)}, generator);
  if (!bias.defined()) return;
  const double fan = static_cast<double>(weight.numel() / weight.size(0));
  init::uniform_(bias, -1 / std::sqrt(fan), 1 / std::sqrt(fan), generator);
}

std::vector<std::int64_t> pads_of(const Window& window) {
  std::vector<std::int64_t> pads;
  for (std::size_t i = window.kernel.size(); i-- > 0;) {
    const std::int64_t missing = window.dilation[i] * (window.kernel[i] - 1);
    const std::int64_t before = window.keeps_size ? missing / 2 : window.padding[i];
    pads.push_back(before);
    pads.push_back(window.keeps_size ? missing - before : before);
  }
  return pads;
}

bool pads_with_op(const Window& window) {
  const std::vector<std::int64_t> pads = pads_of(window);
  for (std::size_t i = 0; i < pads.size(); i += 2)
    if (pads[i] != pads[i + 1]) return false;
  return window.mode == PadMode::constant;
}

std::string describe_convolution(const Tensor& weight, bool transposed, int groups, const Window& window,
                                 bool bias, const Sizes& output_padding) {
  const std::int64_t first = weight.size(0), second = weight.size(1) * groups;
  std::string text = std::to_string(transposed ? first : second) + ", " +
                     std::to_string(transposed ? second : first) + ", kernel_size=" + tuple(window.kernel) +
                     ", stride=" + tuple(window.stride);
  if (window.keeps_size) text += ", padding=same";
  if (!all(window.padding, 0)) text += ", padding=" + tuple(window.padding);
  if (!all(window.dilation, 1)) text += ", dilation=" + tuple(window.dilation);
  if (!all(output_padding, 0)) text += ", output_padding=" + tuple(output_padding);
  if (groups != 1) text += ", groups=" + std::to_string(groups);
  if (!bias) text += ", bias=false";
  if (window.mode != PadMode::constant) text += std::string(", padding_mode=") + name_of(window.mode);
  return text;
}

}  // namespace detail

namespace {

detail::Window window_of(detail::Sizes kernel, const Conv1dOptions& o) {
  return {std::move(kernel),    {o.stride},           {o.dilation},
          {o.padding.by.width}, o.padding.keeps_size, o.padding_mode};
}
detail::Window window_of(detail::Sizes kernel, const Conv2dOptions& o) {
  return {std::move(kernel),
          {o.stride.height, o.stride.width},
          {o.dilation.height, o.dilation.width},
          {o.padding.by.height, o.padding.by.width},
          o.padding.keeps_size,
          o.padding_mode};
}

/// x with what surrounds it, where the op cannot pad itself.
Tensor surrounded(const Tensor& x, const detail::Window& window) {
  return detail::pads_with_op(window) ? x : pad(x, detail::pads_of(window), window.mode);
}

int op_padding(const detail::Window& window, std::size_t axis) {
  const std::vector<std::int64_t> pads = detail::pads_of(window);
  return detail::pads_with_op(window) ? static_cast<int>(pads[pads.size() - 2 * axis - 2]) : 0;
}

}  // namespace

Conv1d::Conv1d(std::int64_t in, std::int64_t out, int kernel, Conv1dOptions options) : Convolution(options) {
  detail::make_parameters("Conv1d", *this, in, out, window_of({kernel}, options), options);
}

Tensor Conv1d::forward(const Tensor& x) const {
  detail::check_channels("Conv1d", x, "[batch, channels, length]", 3, weight.size(1) * options_.groups);
  const detail::Window window = window_of({weight.size(2)}, options_);
  return conv1d(surrounded(x, window), weight, bias,
                {.stride = options_.stride,
                 .padding = {0, op_padding(window, 0)},
                 .dilation = options_.dilation,
                 .groups = options_.groups});
}

std::string Conv1d::extra_repr() const {
  return detail::describe_convolution(weight, false, options_.groups, window_of({weight.size(2)}, options_),
                                      bias.defined());
}

Conv2d::Conv2d(std::int64_t in, std::int64_t out, Pair kernel, Conv2dOptions options) : Convolution(options) {
  detail::make_parameters("Conv2d", *this, in, out, window_of({kernel.height, kernel.width}, options),
                          options);
}

Tensor Conv2d::forward(const Tensor& x) const {
  detail::check_channels("Conv2d", x, "[batch, channels, height, width]", 4,
                         weight.size(1) * options_.groups);
  const ConvOptions op = {.stride = options_.stride,
                          .padding = {options_.padding.by.height, options_.padding.by.width},
                          .dilation = options_.dilation,
                          .groups = options_.groups};
  if (!options_.padding.keeps_size && options_.padding_mode == PadMode::constant)
    return conv2d(x, weight, bias, op);
  const detail::Window window = window_of({weight.size(2), weight.size(3)}, options_);
  ConvOptions rest = op;
  rest.padding = {op_padding(window, 0), op_padding(window, 1)};
  return conv2d(surrounded(x, window), weight, bias, rest);
}

std::string Conv2d::extra_repr() const {
  return detail::describe_convolution(weight, false, options_.groups,
                                      window_of({weight.size(2), weight.size(3)}, options_), bias.defined());
}

}  // namespace xgrad::nn
