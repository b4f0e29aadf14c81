#include "xgrad/core/ops/convolution.hpp"

#include <climits>

#include "autodiff/fields.hpp"
#include "ops/convolution/values.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/window.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

// A convolution y = C(x, w) is bilinear. With its two transposes, X(g, w) for x and W(x, g) for w, the three
// are closed under differentiation, so each one's rules are the other two.

Tensor conv(const Tensor& x, const Tensor& w, const Tensor& bias, const Convolution& k);
Tensor conv_image(const Tensor& g, const Tensor& w, const Shape& image, const Convolution& k);
Tensor conv_weight(const Tensor& x, const Tensor& g, const Shape& weight, const Convolution& k);

/// bias [groups * o, 1, 1], or undefined.
Tensor conv(const Tensor& x, const Tensor& w, const Tensor& bias, const Convolution& k) {
  static constexpr Op op = {
      .name = "conv2d",
      .vjp = {{{keep::x(1),
                [](Grad g, Fn f) { return conv_image(g, f.x(1), f.shape(0), f.attributes<Convolution>()); }},
               {keep::x(0),
                [](Grad g, Fn f) { return conv_weight(f.x(0), g, f.shape(1), f.attributes<Convolution>()); }},
               {keep::nothing, [](Grad g, Fn) { return g; }}}},
      .fields = &fields_of<Convolution>,
      .again = [](Call c) { return conv(c.x(0), c.x(1), c.x(2), c.attributes<Convolution>()); },
      .jvp = Jvp::By::bilinear};
  Tensor y = convolved(x, w, bias, k);
  return bias.defined() ? record(op, {x, w, bias}, std::move(y), k) : record(op, {x, w}, std::move(y), k);
}

Tensor conv_image(const Tensor& g, const Tensor& w, const Shape& image, const Convolution& k) {
  static constexpr Op op = {
      .name = "conv_transpose2d",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return conv(h, f.x(1), {}, f.attributes<Convolution>()); }},
               {keep::x(0),
                [](Grad h, Fn f) {
                  return conv_weight(h, f.x(0), f.shape(1), f.attributes<Convolution>());
                }}}},
      .fields = &fields_of<Convolution>,
      .again = [](Call c) { return conv_image(c.x(0), c.x(1), c.shape(), c.attributes<Convolution>()); },
      .jvp = Jvp::By::bilinear};
  return record(op, {g, w}, convolved_image(g, w, image, k), k);
}

Tensor conv_weight(const Tensor& x, const Tensor& g, const Shape& weight, const Convolution& k) {
  static constexpr Op op = {
      .name = "conv2d_weight",
      .vjp = {{{keep::x(1),
                [](Grad h, Fn f) { return conv_image(f.x(1), h, f.shape(0), f.attributes<Convolution>()); }},
               {keep::x(0), [](Grad h, Fn f) { return conv(f.x(0), h, {}, f.attributes<Convolution>()); }}}},
      .fields = &fields_of<Convolution>,
      .again = [](Call c) { return conv_weight(c.x(0), c.x(1), c.shape(), c.attributes<Convolution>()); },
      .jvp = Jvp::By::bilinear};
  return record(op, {x, g}, convolved_weight(x, g, weight, k), k);
}

std::string describe_all(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return "x is " + x.describe() + ", weight is " + weight.describe() +
         (bias.defined() ? ", bias is " + bias.describe() : "");
}

/// Checks what conv2d and conv_transpose2d have in common; the weight's axis `in` meets the channels of x.
void check_operands(const char* op, const Tensor& x, const Tensor& w, const Tensor& bias, int groups,
                    std::int64_t in, std::int64_t out) {
  const std::string all = describe_all(x, w, bias);
  if (groups < 1) fail(op, "groups must be at least 1: it is " + std::to_string(groups));
  if (x.dim(op) != 4 || w.dim(op) != 4)
    fail(op, "needs x[batch, channels, height, width] and a weight of 4 axes: " + all);
  check_floating(op, x);
  if (x.dtype() != w.dtype() || (bias.defined() && bias.dtype(op) != w.dtype()))
    fail(op, "operands differ in dtype: " + all + "; convert one with .to()");
  if (w.size(0) % groups != 0)
    fail(op,
         "the weight's first size must be a multiple of the " + std::to_string(groups) + " groups: " + all);
  if (x.size(1) != in) fail(op, "x must have the weight's " + std::to_string(in) + " channels: " + all);
  if (bias.defined() && (bias.dim() != 1 || bias.size(0) != out))
    fail(op, "the bias must have the " + std::to_string(out) + " output channels: " + all);
}

/// The sizes of a weight's kernel; a number that is too large for a window stays so.
Pair kernel_of(const Tensor& weight) {
  const auto number = [](std::int64_t size) {
    return static_cast<int>(std::min<std::int64_t>(size, INT_MAX));
  };
  return {number(weight.size(2)), number(weight.size(3))};
}

/// The channels of `groups` groups.
std::int64_t channels_of(const char* op, std::int64_t of_group, int groups, const Tensor& weight) {
  const std::int64_t all = product_of(of_group, groups);
  if (all > most_elements)
    fail(op, "too many channels: the weight is " + weight.describe() + ", in " + std::to_string(groups) +
                 " groups; take fewer");
  return all;
}

Tensor with_bias(const Tensor& y, const Tensor& bias) {
  return bias.defined() ? y + reshape(bias, {bias.numel(), 1, 1}) : y;
}

/// conv2d, whose errors begin with the name that the user called.
Tensor conv_as(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias,
               const ConvOptions& o) {
  check_operands(op, x, weight, bias, o.groups, channels_of(op, weight.size(1), o.groups, weight),
                 weight.size(0));
  const Convolution k{window_of(op, kernel_of(weight), o.stride, o.padding, o.dilation), o.groups};
  check_fits(op, k.window, x.size(2), x.size(3), describe_all(x, weight, bias));
  return conv(x, weight, bias.defined() ? reshape(bias, {bias.numel(), 1, 1}) : bias, k);
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvOptions& options) {
  if (weight.dim() != 4)
    fail("conv2d", "needs a weight [out, in / groups, height, width]: " + describe_all(x, weight, bias));
  return conv_as("conv2d", x, weight, bias, options);
}

Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvOptions& o) {
  if (x.dim() != 3 || weight.dim() != 3)
    fail("conv1d",
         "needs x[batch, channels, length] and a weight of 3 axes: " + describe_all(x, weight, bias));
  const ConvOptions flat{.stride = {1, o.stride.width},
                         .padding = {0, o.padding.width},
                         .dilation = {1, o.dilation.width},
                         .groups = o.groups};
  return squeeze(conv_as("conv1d", unsqueeze(x, 2), unsqueeze(weight, 2), bias, flat), 2);
}

Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTransposeOptions& o) {
  if (weight.dim() != 4)
    fail("conv_transpose2d",
         "needs a weight [in, out / groups, height, width]: " + describe_all(x, weight, bias));
  const std::int64_t out = channels_of("conv_transpose2d", weight.size(1), o.groups, weight);
  check_operands("conv_transpose2d", x, weight, bias, o.groups, weight.size(0), out);
  const Pair kernel = kernel_of(weight);
  const Convolution k{window_of("conv_transpose2d", kernel, o.stride, o.padding, o.dilation), o.groups};
  const std::int64_t h = covered_size(x.size(2), kernel.height, o.stride.height, o.padding.height,
                                      o.dilation.height, o.output_padding.height);
  const std::int64_t w = covered_size(x.size(3), kernel.width, o.stride.width, o.padding.width,
                                      o.dilation.width, o.output_padding.width);
  const bool too_much = o.output_padding.height >= std::max(o.stride.height, o.dilation.height) ||
                        o.output_padding.width >= std::max(o.stride.width, o.dilation.width);
  if (h < 1 || w < 1 || o.output_padding.height < 0 || o.output_padding.width < 0 || too_much)
    fail("conv_transpose2d",
         "output_padding must be below stride or dilation, and the result's sizes be at least 1: they would "
         "be " +
             std::to_string(h) + " and " + std::to_string(w) + ", " + describe_all(x, weight, bias));
  const Shape image = {x.size(0), out, h, w};
  if (k.window.out_h(h) == x.size(2) && k.window.out_w(w) == x.size(3))
    return with_bias(conv_image(x, weight, image, k), bias);

  // An output_padding of a stride or more: the image is cut out of all that the windows cover and zeros
  // behind.
  if (x.size(2) < 1 || x.size(3) < 1)
    fail("conv_transpose2d", "x must have rows and columns where output_padding is not below the stride: " +
                                 describe_all(x, weight, bias) + "; pad with zeros instead");
  Convolution whole = k;
  whole.window.padding_h = whole.window.padding_w = 0;
  const int top = o.padding.height, left = o.padding.width, below = o.output_padding.height - top,
            right = o.output_padding.width - left;
  const Tensor covered = conv_image(x, weight, {x.size(0), out, h - below + top, w - right + left}, whole);
  return with_bias(pad(covered, {-left, right, -top, below}), bias);
}

}  // namespace xgrad
