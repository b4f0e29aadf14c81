#include "core/geometry/sweep.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <xgrad/core.hpp>

using namespace xgrad;

namespace {

using V = std::vector<double>;
using std::size_t;

struct Draw {
  std::mt19937 engine;
  int operator()(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine); }
};

/// One axis of a window's way over an image, and all values that take part.
struct Axis {
  int in, kernel, stride, padding, dilation, extra;
};

std::string text(const Axis& a) {
  return "in " + std::to_string(a.in) + " kernel " + std::to_string(a.kernel) + " stride " +
         std::to_string(a.stride) + " padding " + std::to_string(a.padding) + " dilation " +
         std::to_string(a.dilation) + " extra " + std::to_string(a.extra) + "; ";
}

/// Whole numbers, so that sums are exact in any order.
Tensor whole(const Shape& shape, Draw& draw) {
  V v(static_cast<size_t>(shape.numel()));
  for (double& x : v) x = draw(-9, 9);
  return tensor(v, shape, {.dtype = float64});
}

int places(const Axis& a) {
  const int room = a.in + 2 * a.padding - a.dilation * (a.kernel - 1) - 1;
  return room < 0 ? 0 : room / a.stride + 1;
}

/// Calls f(small row, small column, large row, large column, tap row, tap column) for what a convolution with
/// its small side `oh` x `ow` multiplies on its large side h x w.
template <class F>
void each_tap(const Axis& r, const Axis& c, int oh, int ow, int h, int w, F f) {
  for (int y = 0; y < oh; ++y)
    for (int x = 0; x < ow; ++x)
      for (int i = 0; i < r.kernel; ++i)
        for (int j = 0; j < c.kernel; ++j) {
          const int row = y * r.stride + i * r.dilation - r.padding,
                    column = x * c.stride + j * c.dilation - c.padding;
          if (row >= 0 && row < h && column >= 0 && column < w) f(y, x, row, column, i, j);
        }
}

/// large[n][groups * a][h][w], small[n][groups * b][oh][ow], weight[groups * b][a][kh][kw]: calls f with
/// their offsets for every product of a convolution.
struct Bilinear {
  int n, groups, a, b, h, w, oh, ow;
  Axis r, c;

  template <class F>
  void each(F f) const {
    for (int i = 0; i < n; ++i)
      for (int g = 0; g < groups; ++g)
        for (int p = 0; p < a; ++p)
          for (int q = 0; q < b; ++q)
            each_tap(r, c, oh, ow, h, w, [&](int y, int x, int row, int column, int k, int l) {
              f(static_cast<size_t>(((i * groups * a + g * a + p) * h + row) * w + column),
                static_cast<size_t>(((i * groups * b + g * b + q) * oh + y) * ow + x),
                static_cast<size_t>((((g * b + q) * a + p) * r.kernel + k) * c.kernel + l));
            });
  }
};

V zeros_for(const Tensor& x) { return V(static_cast<size_t>(x.numel())); }

/// What an op and its gradients must give: y is bilinear in the two inputs.
void compare(const Tensor& y, const Tensor& first, const Tensor& second, const Tensor& g, const V& expected,
             const V& d_first, const V& d_second) {
  REQUIRE(y.to_vector<double>() == expected);
  const std::vector<Tensor> d = grad({y}, {first, second}, {g}, {.allow_unused = true});
  REQUIRE(d[0].to_vector<double>() == d_first);
  REQUIRE(d[1].to_vector<double>() == d_second);
}

void check_convolution(Draw& draw, const Axis& r, const Axis& c) {
  const Bilinear k{draw(0, 2), draw(1, 3), draw(0, 3), draw(0, 3), r.in, c.in, places(r), places(c), r, c};
  if (k.oh < 1 || k.ow < 1) return;
  const Tensor x = whole({k.n, k.groups * k.a, k.h, k.w}, draw).requires_grad_();
  const Tensor w = whole({k.groups * k.b, k.a, r.kernel, c.kernel}, draw).requires_grad_();
  const Tensor g = whole({k.n, k.groups * k.b, k.oh, k.ow}, draw);
  V y = zeros_for(g), dx = zeros_for(x), dw = zeros_for(w);
  const auto px = x.data<double>(), pw = w.data<double>(), pg = g.data<double>();
  k.each([&](size_t large, size_t small, size_t tap) {
    y[small] += px[large] * pw[tap];
    dx[large] += pg[small] * pw[tap];
    dw[tap] += pg[small] * px[large];
  });

  compare(conv2d(x, w, {},
                 {.stride = {r.stride, c.stride},
                  .padding = {r.padding, c.padding},
                  .dilation = {r.dilation, c.dilation},
                  .groups = k.groups}),
          x, w, g, y, dx, dw);
}

void check_transposed(Draw& draw, const Axis& r, const Axis& c) {
  const auto size = [](const Axis& a) {
    return (a.in - 1) * a.stride - 2 * a.padding + a.dilation * (a.kernel - 1) + a.extra + 1;
  };
  const Bilinear k{draw(0, 2), draw(1, 3), draw(0, 3), draw(0, 3), size(r), size(c), r.in, c.in, r, c};
  if (r.in < 1 || c.in < 1 || k.h < 1 || k.w < 1 || r.extra >= std::max(r.stride, r.dilation) ||
      c.extra >= std::max(c.stride, c.dilation))
    return;
  const Tensor x = whole({k.n, k.groups * k.b, k.oh, k.ow}, draw).requires_grad_();
  const Tensor w = whole({k.groups * k.b, k.a, r.kernel, c.kernel}, draw).requires_grad_();
  const Tensor g = whole({k.n, k.groups * k.a, k.h, k.w}, draw);
  V y = zeros_for(g), dx = zeros_for(x), dw = zeros_for(w);
  const auto px = x.data<double>(), pw = w.data<double>(), pg = g.data<double>();
  k.each([&](size_t large, size_t small, size_t tap) {
    y[large] += px[small] * pw[tap];
    dx[small] += pg[large] * pw[tap];
    dw[tap] += pg[large] * px[small];
  });

  compare(conv_transpose2d(x, w, {},
                           {.stride = {r.stride, c.stride},
                            .padding = {r.padding, c.padding},
                            .output_padding = {r.extra, c.extra},
                            .groups = k.groups,
                            .dilation = {r.dilation, c.dilation}}),
          x, w, g, y, dx, dw);
}

void check_pooling(Draw& draw, Axis r, Axis c) {
  r.padding = std::min(r.padding, r.kernel / 2), c.padding = std::min(c.padding, c.kernel / 2);
  const int n = draw(0, 3), oh = places(r), ow = places(c);
  if (oh < 1 || ow < 1) return;
  const Tensor x = whole({n, 1, r.in, c.in}, draw).requires_grad_();
  const Tensor g = whole({n, 1, oh, ow}, draw);
  V y(static_cast<size_t>(g.numel()), -std::numeric_limits<double>::infinity()), dx = zeros_for(x);
  const auto px = x.data<double>(), pg = g.data<double>();
  std::vector<int> winner(y.size(), -1);
  for (int i = 0; i < n; ++i)
    each_tap(r, c, oh, ow, r.in, c.in, [&](int a, int b, int row, int column, int, int) {
      const auto out = static_cast<size_t>((i * oh + a) * ow + b);
      const int at = (i * r.in + row) * c.in + column;
      if (winner[out] < 0 || px[static_cast<size_t>(at)] > y[out])
        winner[out] = at, y[out] = px[static_cast<size_t>(at)];
    });
  for (size_t out = 0; out < y.size(); ++out)
    if (winner[out] >= 0) dx[static_cast<size_t>(winner[out])] += pg[out];

  const Tensor pooled = max_pool2d(x, {r.kernel, c.kernel},
                                   {.stride = {r.stride, c.stride},
                                    .padding = {r.padding, c.padding},
                                    .dilation = {r.dilation, c.dilation}});

  REQUIRE(pooled.to_vector<double>() == y);
  REQUIRE(grad({pooled}, {x}, {g})[0].to_vector<double>() == dx);
}

}  // namespace

void sweep_windows(int configurations, unsigned seed) {
  Draw draw{std::mt19937(seed)};
  const auto axis = [&] {
    return Axis{draw(0, 7), draw(1, 4), draw(1, 4), draw(0, 4), draw(1, 4), draw(0, 3)};
  };
  for (int i = 0; i < configurations; ++i) {
    const Axis r = axis(), c = draw(0, 3) ? axis() : r;
    const std::string both = text(r) + text(c);
    CAPTURE(both);
    check_convolution(draw, r, c);
    check_transposed(draw, r, c);
    check_pooling(draw, r, c);
  }
}

TEST_CASE("convolutions, transposed ones and pooling are plain loops, on thousands of configurations") {
  sweep_windows(3000, 1);
}
