#include "xgrad/core/ops/convolution.hpp"

#include <climits>

#include "autodiff/fields.hpp"
#include "kernels/blas/blas.hpp"
#include "kernels/convolution/direct_convolution.hpp"
#include "kernels/convolution/im2col.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "ops/support/window.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

constexpr Kernel direct_kernel = {.name = "conv2d_direct"}, patches_kernel = {.name = "conv2d_gemm"},
                 image_direct_kernel = {.name = "conv2d_input_direct"},
                 image_patches_kernel = {.name = "conv2d_input_gemm"},
                 weight_direct_kernel = {.name = "conv2d_weight_direct"},
                 weight_patches_kernel = {.name = "conv2d_weight_gemm"};

// A convolution y = C(x, w) is bilinear. With its two transposes, X(g, w) for x and W(x, g) for w, the three
// are closed under differentiation, so each one's rules are the other two.

struct Convolution {
  Window window;
  int groups = 1;

  void fields(auto&& field) const {
    window.fields_of_steps(field);
    field("groups", groups);
  }
};
static_assert(sizeof(Convolution) <= 24);

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

  /// What each of the three does with elements of this size.
  Work work(std::int64_t size) const {
    return {.bytes = size * (n * groups * (c * h * w + o * positions) + groups * o * taps),
            .flops = product_of(2, n, groups, o, taps, positions)};
  }

  /// How many images make a block that is worth a thread: an element of the columns is copied in the time of
  /// 32 products or so.
  std::int64_t block() const {
    return std::max<std::int64_t>(large_product / sum_of(product_of(groups, o + 32, taps, positions), 1), 1);
  }

  /// Calls f(image part, output part, weight part, bias part) with the offsets of each group of the images
  /// [first, last).
  template <class F>
  void each(std::int64_t first, std::int64_t last, F f) const {
    for (std::int64_t i = first; i < last; ++i)
      for (std::int64_t g = 0; g < groups; ++g)
        f((i * groups + g) * c * h * w, (i * groups + g) * o * positions, g * o * taps, g * o);
  }
  template <class F>
  void each_group(F f) const {
    for (std::int64_t g = 0; g < groups; ++g) f(g);
  }
  /// Calls f(convolution, image part, output part) for each image of a group, on several threads with a
  /// convolution of their own where there are many images.
  template <class T, class F>
  void each_image(std::int64_t g, DirectConvolution<T>& whole, F f) const {
    const auto run = [&](DirectConvolution<T>& direct, std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i)
        f(direct, (i * groups + g) * c * h * w, (i * groups + g) * o * positions);
    };
    if (n <= block() || free_threads() == 1) return run(whole, 0, n);
    parallel_for(n, block(), [&](std::int64_t first, std::int64_t last) {
      DirectConvolution<T> own = whole.beside();
      run(own, first, last);
    });
  }
};

/// w += f(sum, first, last) for blocks of images, each with a sum of its own of w's elements; they are added
/// up in their order. A single block adds to w itself. One kernel.
template <class T, class F>
void add_by_blocks(const Kernel& kernel, const Sizes& s, const Tensor& w, F f) {
  if (longest_unheard == 0) [[unlikely]]
    return launch(kernel, s.work(sizeof(T)), [&] { add_by_blocks<T>(kernel, s, w, f); });
  const std::int64_t size = std::max({s.block(), (s.n + 7) / 8, std::int64_t{1}});
  if (s.n <= size) return f(ptr<T>(w), std::int64_t{0}, s.n);
  const std::int64_t blocks = (s.n + size - 1) / size;
  const Tensor sums = zeros_of({blocks, w.numel()}, w.dtype());
  parallel_for(s.n, size, [&](std::int64_t first, std::int64_t last) {
    f(ptr<T>(sums) + first / size * w.numel(), first, last);
  });
  for (std::int64_t i = 0; i < blocks; ++i)
    for (std::int64_t j = 0; j < w.numel(); ++j) ptr<T>(w)[j] += ptr<T>(sums)[i * w.numel() + j];
}

/// False where 0 times an element is not 0, so that no product may be taken that the formula does not have.
template <class T>
bool all_finite(const Tensor& x) {
  return simd_sum<T>(
             x.numel(), [](auto v) { return v * 0; }, ptr<const T>(x)) == 0;
}

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
      .again = [](Call c) { return conv(c.x(0), c.x(1), c.x(2), c.attributes<Convolution>()); }};
  const Sizes s(x.shape(), w.shape(), k);
  Tensor y = new_tensor({s.n, w.size(0), k.window.out_h(s.h), k.window.out_w(s.w)}, x.dtype());
  if (y.numel() > 0)
    visit_floating(x.dtype(), [&](auto t) {
      using T = type_of<decltype(t)>;
      const T* b = bias.defined() ? ptr<T>(bias) : nullptr;
      const DirectSizes d(s.c, s.h, s.w, s.o, k.window);
      if (DirectSizes::allows(k.window) && d.planes_fit(sizeof(T))) {
        return launch(direct_kernel, s.work(sizeof(T)), [&] {
          DirectConvolution<T> direct(d);
          s.each_group([&](std::int64_t group) {
            const T* from = ptr<T>(w) + group * s.o * s.taps;
            direct.take_weights([&](std::int64_t o, std::int64_t c, std::int64_t tap) {
              return from[o * s.taps + c * d.kh * d.kw + tap];
            });
            s.each_image(group, direct, [&](DirectConvolution<T>& own, std::int64_t image, std::int64_t out) {
              own.correlate(ptr<T>(x) + image, b ? b + group * s.o : nullptr, ptr<T>(y) + out);
            });
          });
        });
      }
      launch(patches_kernel, s.work(sizeof(T)), s.n, s.block(), [&](std::int64_t first, std::int64_t last) {
        const Tensor columns = new_tensor({s.taps, s.positions}, x.dtype());
        s.each(first, last,
               [&](std::int64_t image, std::int64_t out, std::int64_t weight, std::int64_t of_bias) {
                 im2col(k.window, s.c, s.h, s.w, ptr<T>(x) + image, ptr<T>(columns));
                 if (b)
                   for (std::int64_t o = 0; o < s.o; ++o)
                     std::fill_n(ptr<T>(y) + out + o * s.positions, s.positions, b[of_bias + o]);
                 gemm(false, false, s.o, s.positions, s.taps, ptr<T>(w) + weight, ptr<T>(columns),
                      b != nullptr, ptr<T>(y) + out);
               });
      });
    });
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
      .again = [](Call c) { return conv_image(c.x(0), c.x(1), c.shape(), c.attributes<Convolution>()); }};
  const Sizes s(image, w.shape(), k);
  Tensor x;
  if (g.numel() == 0 || image.numel() == 0) return record(op, {g, w}, zeros_of(image, g.dtype()), k);
  visit_floating(g.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    // The transpose is the correlation with the window turned round, its padding what is left of the kernel.
    Window turned = k.window;
    turned.padding_h = static_cast<std::int16_t>(turned.kernel_h - 1 - turned.padding_h);
    turned.padding_w = static_cast<std::int16_t>(turned.kernel_w - 1 - turned.padding_w);
    const DirectSizes d(s.o, k.window.out_h(s.h), k.window.out_w(s.w), s.c, turned);
    if (DirectSizes::allows(turned) && turned.padding_h >= 0 && turned.padding_w >= 0 &&
        d.planes_fit(sizeof(T)) && all_finite<T>(w)) {
      x = new_tensor(image, g.dtype());
      return launch(image_direct_kernel, s.work(sizeof(T)), [&] {
        DirectConvolution<T> direct(d);
        s.each_group([&](std::int64_t group) {
          const T* from = ptr<T>(w) + group * s.o * s.taps;
          const std::int64_t taps = d.kh * d.kw;
          direct.take_weights([&](std::int64_t c, std::int64_t o, std::int64_t tap) {
            return from[o * s.taps + c * taps + taps - 1 - tap];
          });
          s.each_image(group, direct, [&](DirectConvolution<T>& own, std::int64_t part, std::int64_t out) {
            own.correlate(ptr<T>(g) + out, nullptr, ptr<T>(x) + part);
          });
        });
      });
    }
    x = zeros_of(image, g.dtype());
    launch(image_patches_kernel, s.work(sizeof(T)), s.n, s.block(),
           [&](std::int64_t first, std::int64_t last) {
             const Tensor columns = new_tensor({s.taps, s.positions}, g.dtype());
             s.each(first, last, [&](std::int64_t part, std::int64_t out, std::int64_t weight, std::int64_t) {
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
               {keep::x(0), [](Grad h, Fn f) { return conv(f.x(0), h, {}, f.attributes<Convolution>()); }}}},
      .fields = &fields_of<Convolution>,
      .again = [](Call c) { return conv_weight(c.x(0), c.x(1), c.shape(), c.attributes<Convolution>()); }};
  const Sizes s(x.shape(), weight, k);
  Tensor w = zeros_of(weight, x.dtype());
  if (x.numel() == 0 || g.numel() == 0) return record(op, {x, g}, std::move(w), k);
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const DirectSizes d(s.c, s.h, s.w, s.o, k.window);
    if (DirectSizes::allows(k.window) && s.groups == 1 && d.planes_fit(sizeof(T)) && d.sums_fit() &&
        all_finite<T>(x)) {
      add_by_blocks<T>(weight_direct_kernel, s, w, [&](T* sum, std::int64_t first, std::int64_t last) {
        DirectConvolution<T>(d).gather_weights(last - first, ptr<T>(x) + first * s.c * s.h * s.w,
                                               ptr<T>(g) + first * s.o * s.positions, sum);
      });
      return;
    }
    add_by_blocks<T>(weight_patches_kernel, s, w, [&](T* sum, std::int64_t first, std::int64_t last) {
      const Tensor columns = new_tensor({s.taps, s.positions}, x.dtype());
      s.each(first, last, [&](std::int64_t image, std::int64_t out, std::int64_t part, std::int64_t) {
        im2col(k.window, s.c, s.h, s.w, ptr<T>(x) + image, ptr<T>(columns));
        gemm(false, true, s.o, s.taps, s.positions, ptr<T>(g) + out, ptr<T>(columns), true, sum + part);
      });
    });
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
