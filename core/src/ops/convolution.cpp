#include "xgrad/core/ops/convolution.hpp"

#include <climits>

#include "kernels/blas.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/im2col.hpp"
#include "ops/promote.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

// A convolution y = C(x, w) is bilinear. With its two transposes, X(g, w) for x and W(x, g) for w, the three
// are closed under differentiation, so each one's rules are the other two.

struct Convolution {
  Window window;
  int groups = 1;
};
static_assert(sizeof(Convolution) <= 24);

std::int16_t small_number(const char* op, const char* what, int n, int least) {
  if (n < least || n > SHRT_MAX)
    fail(op, std::string(what) + (n < least ? " must be at least " : " must be at most ") +
                 std::to_string(n < least ? least : SHRT_MAX) + ": it is " + std::to_string(n));
  return static_cast<std::int16_t>(n);
}

Window window_of(const char* op, Pair kernel, Pair stride, Pair padding, Pair dilation) {
  const auto n = [op](const char* what, int value, int least) {
    return small_number(op, what, value, least);
  };
  return {n("the stride", stride.height, 1),     n("the stride", stride.width, 1),
          n("the padding", padding.height, 0),   n("the padding", padding.width, 0),
          n("the dilation", dilation.height, 1), n("the dilation", dilation.width, 1),
          n("the kernel", kernel.height, 1),     n("the kernel", kernel.width, 1)};
}

void check_fits(const char* op, const Window& k, std::int64_t h, std::int64_t w, const std::string& all) {
  if (h + 2 * k.padding_h < k.dilation_h * (k.kernel_h - 1) + 1 ||
      w + 2 * k.padding_w < k.dilation_w * (k.kernel_w - 1) + 1)
    fail(op, "the kernel is larger than the padded image: " + all);
}

/// The sizes of a convolution from image [n, groups * c, h, w] to [n, groups * o, oh, ow].
struct Sizes {
  std::int64_t n, groups, c, h, w, o, taps, positions;

  Sizes(const Shape& image, const Shape& weight, const Convolution& k)
      : n(image[0]),
        groups(k.groups),
        c(weight[1]),
        h(image[2]),
        w(image[3]),
        o(weight[0] / k.groups),
        taps(weight[1] * weight[2] * weight[3]),
        positions(k.window.out_h(image[2]) * k.window.out_w(image[3])) {}

  /// How many images make a block that is worth a thread: an element of the columns is copied in the time of
  /// 32 products or so.
  std::int64_t block() const {
    return std::max<std::int64_t>(large_product / (groups * (o + 32) * taps * positions + 1), 1);
  }

  /// Calls f(image part, output part, weight part) with the offsets of each group of the images [first,
  /// last).
  template <class F>
  void each(std::int64_t first, std::int64_t last, F f) const {
    for (std::int64_t i = first; i < last; ++i)
      for (std::int64_t g = 0; g < groups; ++g)
        f((i * groups + g) * c * h * w, (i * groups + g) * o * positions, g * o * taps);
  }
};

Tensor conv(const Tensor& x, const Tensor& w, const Convolution& k);
Tensor conv_image(const Tensor& g, const Tensor& w, const Shape& image, const Convolution& k);
Tensor conv_weight(const Tensor& x, const Tensor& g, const Shape& weight, const Convolution& k);

Tensor conv(const Tensor& x, const Tensor& w, const Convolution& k) {
  static constexpr Op op = {
      .name = "conv2d",
      .vjp = {{{keep::x(1),
                [](Grad g, Fn f) { return conv_image(g, f.x(1), f.shape(0), f.attributes<Convolution>()); }},
               {keep::x(0), [](Grad g, Fn f) {
                  return conv_weight(f.x(0), g, f.shape(1), f.attributes<Convolution>());
                }}}}};
  const Sizes s(x.shape(), w.shape(), k);
  Tensor y = new_tensor({s.n, w.size(0), k.window.out_h(s.h), k.window.out_w(s.w)}, x.dtype());
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    parallel_products(s.n, s.block(), [&](std::int64_t first, std::int64_t last) {
      const Tensor columns = new_tensor({s.taps, s.positions}, x.dtype());
      s.each(first, last, [&](std::int64_t image, std::int64_t out, std::int64_t weight) {
        im2col(k.window, s.c, s.h, s.w, ptr<T>(x) + image, ptr<T>(columns));
        gemm(false, false, s.o, s.positions, s.taps, ptr<T>(w) + weight, ptr<T>(columns), false,
             ptr<T>(y) + out);
      });
    });
  });
  return record(op, {x, w}, std::move(y), k);
}

Tensor conv_image(const Tensor& g, const Tensor& w, const Shape& image, const Convolution& k) {
  static constexpr Op op = {
      .name = "conv_transpose2d",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return conv(h, f.x(1), f.attributes<Convolution>()); }},
               {keep::x(0), [](Grad h, Fn f) {
                  return conv_weight(h, f.x(0), f.shape(1), f.attributes<Convolution>());
                }}}}};
  const Sizes s(image, w.shape(), k);
  Tensor x = zeros_of(image, g.dtype());
  visit_floating(g.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    parallel_products(s.n, s.block(), [&](std::int64_t first, std::int64_t last) {
      const Tensor columns = new_tensor({s.taps, s.positions}, g.dtype());
      s.each(first, last, [&](std::int64_t part, std::int64_t out, std::int64_t weight) {
        gemm(true, false, s.taps, s.positions, s.o, ptr<T>(w) + weight, ptr<T>(g) + out, false,
             ptr<T>(columns));
        col2im(k.window, s.c, s.h, s.w, ptr<T>(columns), ptr<T>(x) + part);
      });
    });
  });
  return record(op, {g, w}, std::move(x), k);
}

Tensor conv_weight(const Tensor& x, const Tensor& g, const Shape& weight, const Convolution& k) {
  static constexpr Op op = {
      .name = "conv2d_weight",
      .vjp = {{{keep::x(1),
                [](Grad h, Fn f) { return conv_image(f.x(1), h, f.shape(0), f.attributes<Convolution>()); }},
               {keep::x(0), [](Grad h, Fn f) { return conv(f.x(0), h, f.attributes<Convolution>()); }}}}};
  const Sizes s(x.shape(), weight, k);
  // Each block of images has a sum of its own; they are added up in their order.
  const std::int64_t block = std::max(s.block(), (s.n + 7) / 8),
                     blocks = s.n > 0 ? (s.n + block - 1) / block : 0;
  Tensor w = zeros_of(weight, x.dtype());
  const Tensor sums = blocks > 1 ? zeros_of({blocks, weight.numel()}, x.dtype()) : w;
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    parallel_products(s.n, std::max<std::int64_t>(block, 1), [&](std::int64_t first, std::int64_t last) {
      const Tensor columns = new_tensor({s.taps, s.positions}, x.dtype());
      T* sum = ptr<T>(sums) + first / block * weight.numel();
      s.each(first, last, [&](std::int64_t image, std::int64_t out, std::int64_t part) {
        im2col(k.window, s.c, s.h, s.w, ptr<T>(x) + image, ptr<T>(columns));
        gemm(false, true, s.o, s.taps, s.positions, ptr<T>(g) + out, ptr<T>(columns), true, sum + part);
      });
    });
    if (blocks > 1)
      for (std::int64_t i = 0; i < blocks; ++i)
        for (std::int64_t j = 0; j < w.numel(); ++j) ptr<T>(w)[j] += ptr<T>(sums)[i * w.numel() + j];
  });
  return record(op, {x, g}, std::move(w), k);
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
  if (x.size(1) != in || w.size(0) % groups != 0)
    fail(op, "channels do not match the weight in " + std::to_string(groups) + " groups: " + all);
  if (bias.defined() && (bias.dim() != 1 || bias.size(0) != out))
    fail(op, "the bias must have the " + std::to_string(out) + " output channels: " + all);
}

Tensor with_bias(const Tensor& y, const Tensor& bias) {
  return bias.defined() ? y + reshape(bias, {bias.numel(), 1, 1}) : y;
}

}  // namespace

namespace {

/// conv2d, whose errors begin with the name that the user called.
Tensor conv_as(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias,
               const ConvOptions& o) {
  check_operands(op, x, weight, bias, o.groups, weight.size(1) * o.groups, weight.size(0));
  const Pair kernel(static_cast<int>(weight.size(2)), static_cast<int>(weight.size(3)));
  const Convolution k{window_of(op, kernel, o.stride, o.padding, o.dilation), o.groups};
  check_fits(op, k.window, x.size(2), x.size(3), describe_all(x, weight, bias));
  return with_bias(conv(x, weight, k), bias);
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
  const std::int64_t out = weight.size(1) * o.groups;
  check_operands("conv_transpose2d", x, weight, bias, o.groups, weight.size(0), out);
  const Pair kernel(static_cast<int>(weight.size(2)), static_cast<int>(weight.size(3)));
  const Convolution k{window_of("conv_transpose2d", kernel, o.stride, o.padding, o.dilation), o.groups};
  const auto size = [](std::int64_t n, int stride, int padding, int dilation, int taps, int extra) {
    return (n - 1) * stride - 2 * padding + dilation * (taps - 1) + extra + 1;
  };
  const std::int64_t h = size(x.size(2), o.stride.height, o.padding.height, o.dilation.height, kernel.height,
                              o.output_padding.height);
  const std::int64_t w = size(x.size(3), o.stride.width, o.padding.width, o.dilation.width, kernel.width,
                              o.output_padding.width);
  const bool too_much = o.output_padding.height >= std::max(o.stride.height, o.dilation.height) ||
                        o.output_padding.width >= std::max(o.stride.width, o.dilation.width);
  if (h < 1 || w < 1 || o.output_padding.height < 0 || o.output_padding.width < 0 || too_much)
    fail("conv_transpose2d",
         "the result would have size " + std::to_string(h) + " x " + std::to_string(w) +
             ", or output_padding is not below stride or dilation: " + describe_all(x, weight, bias));
  return with_bias(conv_image(x, weight, {x.size(0), out, h, w}, k), bias);
}

// Patches ---------------------------------------------------------------------------------------------------

namespace {

Tensor unfold_value(const Tensor& x, const Window& k);
Tensor fold_value(const Tensor& x, const Shape& image, const Window& k);

Tensor unfold_value(const Tensor& x, const Window& k) {
  static constexpr Op op = {.name = "unfold", .vjp = {{{keep::nothing, [](Grad g, Fn f) {
                                                          return fold_value(g, f.shape(0),
                                                                            f.attributes<Window>());
                                                        }}}}};
  const std::int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
  const std::int64_t rows = c * k.kernel_h * k.kernel_w, positions = k.out_h(h) * k.out_w(w);
  Tensor y = new_tensor({n, rows, positions}, x.dtype());
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < n; ++i)
      im2col(k, c, h, w, ptr<T>(x) + i * c * h * w, ptr<T>(y) + i * rows * positions);
  });
  return record(op, {x}, std::move(y), k);
}

Tensor fold_value(const Tensor& x, const Shape& image, const Window& k) {
  static constexpr Op op = {
      .name = "fold",
      .vjp = {{{keep::nothing, [](Grad g, Fn f) { return unfold_value(g, f.attributes<Window>()); }}}}};
  const std::int64_t c = image[1], h = image[2], w = image[3];
  Tensor y = zeros_of(image, x.dtype());
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < image[0]; ++i)
      col2im(k, c, h, w, ptr<T>(x) + i * x.size(1) * x.size(2), ptr<T>(y) + i * c * h * w);
  });
  return record(op, {x}, std::move(y), k);
}

}  // namespace

Tensor unfold(const Tensor& x, Pair kernel, const UnfoldOptions& o) {
  if (x.dim() != 4) fail("unfold", "needs x[batch, channels, height, width]: x is " + x.describe());
  check_floating("unfold", x);
  const Window k = window_of("unfold", kernel, o.stride, o.padding, o.dilation);
  check_fits("unfold", k, x.size(2), x.size(3), "x is " + x.describe());
  return unfold_value(x, k);
}

Tensor fold(const Tensor& x, Pair size, Pair kernel, const UnfoldOptions& o) {
  if (x.dim() != 3) fail("fold", "needs x[batch, channels kh kw, positions]: x is " + x.describe());
  check_floating("fold", x);
  const Window k = window_of("fold", kernel, o.stride, o.padding, o.dilation);
  check_fits("fold", k, size.height, size.width, "x is " + x.describe());
  const std::int64_t taps = std::int64_t{kernel.height} * kernel.width;
  const std::int64_t positions = k.out_h(size.height) * k.out_w(size.width);
  if (x.size(1) % taps != 0 || x.size(2) != positions)
    fail("fold", "columns do not match the image: x is " + x.describe() + ", needed are a multiple of " +
                     std::to_string(taps) + " rows and " + std::to_string(positions) + " positions");
  return fold_value(x, {x.size(0), x.size(1) / taps, size.height, size.width}, k);
}

}  // namespace xgrad
