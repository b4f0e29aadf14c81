#include "xgrad/core/ops/pooling.hpp"

#include <climits>
#include <cmath>
#include <limits>

#include "autodiff/fields.hpp"
#include "kernels/convolution/im2col.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/tiles.hpp"
#include "kernels/pooling/average.hpp"
#include "kernels/pooling/largest.hpp"
#include "ops/support/promote.hpp"

namespace xgrad {

using namespace detail;

namespace {

constexpr Kernel max_gather_kernel = {.name = "max_pool2d_gather"};

std::string text(Pair p) { return Shape{p.height, p.width}.str(); }

Window pool_window(const char* op, const Tensor& x, Pair kernel, const PoolOptions& o) {
  if (x.dim(op) != 4) fail(op, "needs x[batch, channels, height, width]: x is " + x.describe());
  check_floating(op, x);
  const Pair stride(o.stride.height ? o.stride.height : kernel.height,
                    o.stride.width ? o.stride.width : kernel.width);
  const auto valid = [](int n, int least) { return n >= least && n <= SHRT_MAX; };
  if (!valid(kernel.height, 1) || !valid(kernel.width, 1) || !valid(stride.height, 1) ||
      !valid(stride.width, 1) || !valid(o.dilation.height, 1) || !valid(o.dilation.width, 1))
    fail(op, "kernel, stride and dilation must lie between 1 and " + std::to_string(SHRT_MAX) +
                 ": they are " + text(kernel) + ", " + text(stride) + " and " + text(o.dilation) + ", x is " +
                 x.describe());
  if (o.padding.height < 0 || o.padding.width < 0 || o.padding.height > kernel.height / 2 ||
      o.padding.width > kernel.width / 2)
    fail(op, "the padding must lie between 0 and half the kernel: they are " + text(o.padding) + " and " +
                 text(kernel) + ", x is " + x.describe());
  const auto n = [](int value) { return static_cast<std::int16_t>(value); };
  const Window k{n(stride.height),     n(stride.width),     n(o.padding.height), n(o.padding.width),
                 n(o.dilation.height), n(o.dilation.width), n(kernel.height),    n(kernel.width)};
  if (k.out_h(x.size(2)) < 1 || k.out_w(x.size(3)) < 1)
    fail(op, "the kernel is larger than the padded image: x is " + x.describe() + ", the kernel is " +
                 text(kernel) + "; take a smaller kernel, or more padding");
  return k;
}

Shape pooled(const Shape& x, const Window& k) { return {x[0], x[1], k.out_h(x[2]), k.out_w(x[3])}; }

/// The limits of a window inside the image; where it is empty, all of the window lies in the padding.
struct Span {
  std::int64_t first, last;
  Span(std::int64_t out, int stride, int padding, int dilation, int taps, std::int64_t size) {
    first = out * stride - padding;
    last = std::min<std::int64_t>(first + dilation * (taps - 1) + 1, size);
    if (first < 0) first += (-first + dilation - 1) / dilation * dilation;
  }
  std::int64_t count() const { return std::max<std::int64_t>(last - first, 0); }
};

/// The door of a pooling: f(first, last) for blocks of planes that are worth a thread.
template <class F>
void by_planes(const Kernel& kernel, Work work, const Shape& image, const F& f) {
  launch(kernel, work, image[0] * image[1], block_elements / (image[2] * image[3] + 1) + 1, f);
}

/// The same by windows: calls f(plane, output place, rows, columns) for each; rows and columns lie inside the
/// plane.
template <class F>
void each_window(const Kernel& kernel, Work work, const Shape& image, const Window& k, F f) {
  const std::int64_t oh = k.out_h(image[2]), ow = k.out_w(image[3]);
  by_planes(kernel, work, image, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t plane = first; plane < last; ++plane)
      for (std::int64_t y = 0; y < oh; ++y) {
        const Span rows(y, k.stride_h, k.padding_h, k.dilation_h, k.kernel_h, image[2]);
        for (std::int64_t x = 0; x < ow; ++x)
          f(plane * image[2] * image[3], (plane * oh + y) * ow + x, rows,
            Span(x, k.stride_w, k.padding_w, k.dilation_w, k.kernel_w, image[3]));
      }
  });
}

/// The place of the first largest value in a window, -1 where it has none; a nan is larger than all.
template <class T>
std::int64_t argmax_of(const T* x, std::int64_t plane, std::int64_t width, const Window& k, Span rows,
                       Span columns) {
  if (rows.count() == 0 || columns.count() == 0) return -1;
  std::int64_t best = plane + rows.first * width + columns.first;
  for (std::int64_t r = rows.first; r < rows.last; r += k.dilation_h)
    for (std::int64_t c = columns.first; c < columns.last; c += k.dilation_w) {
      const std::int64_t at = plane + r * width + c;
      if (x[at] > x[best] || (x[at] != x[at] && x[best] == x[best])) best = at;
    }
  return best;
}

/// Whether windows are tiles of 2 x 2 that fill whole rows: the pooling of most networks.
bool tiles_of_two(const Window& k, std::int64_t width) {
  return k.kernel_h == 2 && k.kernel_w == 2 && k.stride_h == 2 && k.stride_w == 2 && k.padding_h == 0 &&
         k.padding_w == 0 && k.dilation_h == 1 && k.dilation_w == 1 && width % 2 == 0;
}

// Which element wins is found again where it is needed, so no index is kept: gather takes the winners of `x`
// out of h, scatter puts g at their places. The two are each other's transpose.

/// The elements of h at the places where x wins. Windows without an element have 0, or -inf where h is x.
Tensor winners(const Tensor& h, const Tensor& x, const Window& k) {
  Tensor y = new_tensor(pooled(x.shape(), k), x.dtype());
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const bool gathers = ptr<T>(h) != ptr<T>(x);
    const Work work = {.bytes = (x.numel() + (1 + gathers) * y.numel()) * bytes_of<T>};
    if (tiles_of_two(k, x.size(3)) && !gathers) {
      const std::int64_t rows = x.size(2) / 2, half = x.size(3) / 2;
      return by_planes(max_pool2d_kernel, work, x.shape(), [&](std::int64_t first, std::int64_t last) {
        const Tensor pairs = new_tensor({2 * rows * half}, x.dtype());
        for (std::int64_t plane = first; plane < last; ++plane)
          max_of_tiles(rows, half, ptr<T>(x) + plane * x.size(2) * x.size(3), ptr<T>(pairs),
                       ptr<T>(y) + plane * rows * half);
      });
    }
    if (!gathers)
      return by_planes(max_pool2d_kernel, work, x.shape(), [&](std::int64_t first, std::int64_t last) {
        LargestOfWindows<T> largest(k, x.size(2), x.size(3));
        for (std::int64_t plane = first; plane < last; ++plane) {
          largest.lay(ptr<T>(x) + plane * x.size(2) * x.size(3));
          for (std::int64_t row = 0; row < y.size(2); ++row)
            largest.values(row, ptr<T>(y) + (plane * y.size(2) + row) * y.size(3));
        }
      });
    each_window(max_gather_kernel, work, x.shape(), k,
                [&, px = ptr<T>(x)](std::int64_t plane, std::int64_t out, Span rows, Span columns) {
                  const std::int64_t at = argmax_of(px, plane, x.size(3), k, rows, columns);
                  ptr<T>(y)[out] = at < 0 ? T(0) : ptr<T>(h)[at];
                });
  });
  return y;
}

Tensor max_scatter(const Tensor& g, const Tensor& x, const Window& k);

Tensor max_gather(const Tensor& h, const Tensor& x, const Window& k) {
  static constexpr Op op = {
      .name = "max_pool2d_gather",
      .vjp = {{{keep::x(1), [](Grad g, Fn f) { return max_scatter(g, f.x(1), f.attributes<Window>()); }}}},
      .fields = &fields_of<Window>,
      .again = [](Call c) { return max_gather(c.x(0), c.x(1), c.attributes<Window>()); },
      .jvp = Jvp::By::linear};
  return record(op, {h, x}, winners(h, x, k), k);
}

/// dx += the elements of g, each at the place of its window's winner in a plane x of an image.
template <class T>
void scatter_to_winners(const LargestOfWindows<T>& largest, const Window& k, const Tensor& image, const T* x,
                        const T* g, T* dx) {
  const std::int64_t h = image.size(2), w = image.size(3), columns = k.out_w(w);
  std::vector<T> taps(static_cast<std::size_t>(columns));
  const bool countable = std::int64_t{k.kernel_h} * k.kernel_w < 1 << 20;  // by a float
  for (std::int64_t row = 0; row < k.out_h(h); ++row, g += columns) {
    if (countable)
      largest.taps(row, taps.data());
    else
      std::fill(taps.begin(), taps.end(), T(-1));
    for (std::int64_t column = 0; column < columns; ++column) {
      const auto tap = static_cast<std::int64_t>(taps[static_cast<std::size_t>(column)]);
      const std::int64_t i = tap / k.kernel_w, j = tap % k.kernel_w;
      const std::int64_t at =
          tap >= 0 ? (row * k.stride_h - k.padding_h + i * k.dilation_h) * w + column * k.stride_w -
                         k.padding_w + j * k.dilation_w
                   : argmax_of(x, 0, w, k, Span(row, k.stride_h, k.padding_h, k.dilation_h, k.kernel_h, h),
                               Span(column, k.stride_w, k.padding_w, k.dilation_w, k.kernel_w, w));
      if (at >= 0) dx[at] += g[column];
    }
  }
}

Tensor max_scatter(const Tensor& g, const Tensor& x, const Window& k) {
  static constexpr Op op = {
      .name = "max_pool2d_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return max_gather(h, f.x(1), f.attributes<Window>()); }}}},
      .fields = &fields_of<Window>,
      .again = [](Call c) { return max_scatter(c.x(0), c.x(1), c.attributes<Window>()); },
      .jvp = Jvp::By::linear};
  Tensor dx;
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Work work = {.bytes = (2 * x.numel() + g.numel()) * bytes_of<T>};
    if (tiles_of_two(k, x.size(3)) && x.size(2) % 2 == 0) {
      dx = new_like(x);
      const std::int64_t rows = x.size(2) / 2, half = x.size(3) / 2, area = 4 * rows * half;
      return by_planes(
          max_pool2d_backward_kernel, work, x.shape(), [&](std::int64_t first, std::int64_t last) {
            const Tensor pairs = new_tensor({2 * rows * half}, x.dtype());
            for (std::int64_t plane = first; plane < last; ++plane)
              spread_to_tiles(rows, half, ptr<T>(x) + plane * area, ptr<T>(g) + plane * rows * half,
                              ptr<T>(pairs), ptr<T>(dx) + plane * area);
          });
    }
    dx = zeros_of(x.shape(), x.dtype());
    by_planes(max_pool2d_backward_kernel, work, x.shape(), [&](std::int64_t first, std::int64_t last) {
      const std::int64_t area = x.size(2) * x.size(3), outputs = g.size(2) * g.size(3);
      LargestOfWindows<T> largest(k, x.size(2), x.size(3));
      for (std::int64_t plane = first; plane < last; ++plane) {
        largest.lay(ptr<T>(x) + plane * area);
        scatter_to_winners(largest, k, x, ptr<T>(x) + plane * area, ptr<T>(g) + plane * outputs,
                           ptr<T>(dx) + plane * area);
      }
    });
  });
  return record(op, {g, x}, std::move(dx), k);
}

Tensor largest(const Tensor& x, const Window& k) {
  static constexpr Op op = {
      .name = "max_pool2d",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return max_scatter(g, f.x(0), f.attributes<Window>()); }}}},
      .fields = &fields_of<Window>,
      .again = [](Call c) { return largest(c.x(0), c.attributes<Window>()); },
      .jvp = [](Fn f) { return max_gather(f.t(0), f.x(0), f.attributes<Window>()); }};
  return record(op, {x}, winners(x, x, k), k);
}

struct Average {
  Window window;
  bool count_padding = true;

  void fields(auto&& field) const {
    window.fields(field);
    field("count_include_pad", count_padding);
  }
};

Tensor spread_average(const Tensor& g, const Shape& image, const Average& a);

Tensor average(const Tensor& x, const Average& a) {
  static constexpr Op op = {
      .name = "avg_pool2d",
      .vjp = {{{keep::nothing,
                [](Grad g, Fn f) { return spread_average(g, f.shape(0), f.attributes<Average>()); }}}},
      .fields = &fields_of<Average>,
      .again = [](Call c) { return average(c.x(0), c.attributes<Average>()); },
      .jvp = Jvp::By::linear};
  Tensor y = new_tensor(pooled(x.shape(), a.window), x.dtype());
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Work work = {.bytes = (x.numel() + y.numel()) * bytes_of<T>};
    by_planes(avg_pool2d_kernel, work, x.shape(), [&](std::int64_t first, std::int64_t last) {
      AverageOfWindows<T> average_of(a.window, x.size(2), x.size(3), a.count_padding);
      for (std::int64_t plane = first; plane < last; ++plane)
        for (std::int64_t row = 0; row < y.size(2); ++row)
          average_of.values(row, ptr<T>(x) + plane * x.size(2) * x.size(3),
                            ptr<T>(y) + (plane * y.size(2) + row) * y.size(3));
    });
  });
  return record(op, {x}, std::move(y), a);
}

Tensor spread_average(const Tensor& g, const Shape& image, const Average& a) {
  static constexpr Op op = {
      .name = "avg_pool2d_vjp",
      .vjp = {{{keep::nothing, [](Grad h, Fn f) { return average(h, f.attributes<Average>()); }}}},
      .fields = &fields_of<Average>,
      .again = [](Call c) { return spread_average(c.x(0), c.shape(), c.attributes<Average>()); },
      .jvp = Jvp::By::linear};
  Tensor x = zeros_of(image, g.dtype());
  visit_floating(g.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Work work = {.bytes = (2 * x.numel() + g.numel()) * bytes_of<T>};
    by_planes(avg_pool2d_backward_kernel, work, image, [&](std::int64_t first, std::int64_t last) {
      AverageOfWindows<T> average_of(a.window, image[2], image[3], a.count_padding);
      for (std::int64_t plane = first; plane < last; ++plane)
        for (std::int64_t row = 0; row < g.size(2); ++row)
          average_of.spread(row, ptr<T>(g) + (plane * g.size(2) + row) * g.size(3),
                            ptr<T>(x) + plane * image[2] * image[3]);
    });
  });
  return record(op, {g}, std::move(x), a);
}

}  // namespace

Tensor max_pool2d(const Tensor& x, Pair kernel, const PoolOptions& options) {
  return largest(x, pool_window("max_pool2d", x, kernel, options));
}

Tensor avg_pool2d(const Tensor& x, Pair kernel, const PoolOptions& options) {
  PoolOptions o = options;
  o.dilation = 1;
  return average(x, {pool_window("avg_pool2d", x, kernel, o), options.count_include_pad});
}

}  // namespace xgrad
