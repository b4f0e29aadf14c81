#include "xgrad/core/ops/unfold.hpp"
#include "autodiff/fields.hpp"
#include "kernels/convolution/im2col.hpp"
#include "kernels/loops/dispatch.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/window.hpp"
#include "tensor/sizes.hpp"

namespace xgrad {

using namespace detail;

namespace {

Tensor unfold_value(const Tensor& x, const Window& k);
Tensor fold_value(const Tensor& x, const Shape& image, const Window& k);

Tensor unfold_value(const Tensor& x, const Window& k) {
  static constexpr Op op = {
      .name = "unfold",
      .vjp = {{{keep::nothing,
                [](Grad g, Fn f) { return fold_value(g, f.shape(0), f.attributes<Window>()); }}}},
      .fields = &fields_of<Window>,
      .again = [](Call c) { return unfold_value(c.x(0), c.attributes<Window>()); },
      .jvp = Jvp::By::linear};
  const std::int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
  const std::int64_t rows = product_of(c, k.kernel_h, k.kernel_w),
                     positions = product_of(k.out_h(h), k.out_w(w));
  check_sizes("unfold", {n, rows, positions});
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
      .vjp = {{{keep::nothing, [](Grad g, Fn f) { return unfold_value(g, f.attributes<Window>()); }}}},
      .fields = &fields_of<Window>,
      .again = [](Call c) { return fold_value(c.x(0), c.shape(), c.attributes<Window>()); },
      .jvp = Jvp::By::linear};
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
  check_sizes("fold", {size.height, size.width});
  check_fits("fold", k, size.height, size.width, "x is " + x.describe());
  const std::int64_t taps = std::int64_t{kernel.height} * kernel.width;
  const std::int64_t positions = k.out_h(size.height) * k.out_w(size.width);
  if (x.size(1) % taps != 0 || x.size(2) != positions)
    fail("fold", "the image needs a multiple of " + std::to_string(taps) + " rows, and " +
                     std::to_string(positions) + " positions: x is " + x.describe());
  return fold_value(x, {x.size(0), x.size(1) / taps, size.height, size.width}, k);
}

}  // namespace xgrad
