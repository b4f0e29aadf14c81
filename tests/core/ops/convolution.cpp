#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::check_rows;
using test::Family;
using test::floating_row;
using test::Kind;

namespace {

const ConvOptions strided{.stride = {2, 1}, .padding = {1, 2}, .dilation = {1, 2}};

const Family convolution(
    "convolution",
    {
        floating_row("conv2d", Kind::smooth, {{{2, 2, 5, 6}}, {{3, 2, 2, 3}}, {{3}}},
                     [](const Tensor& x, const Tensor& w, const Tensor& b) {
                       return conv2d(x, w, b, strided);
                     },
                     {{{0, 2, 5, 6}, {3, 2, 2, 3}, {3}}}),
        floating_row("conv2d", Kind::smooth, {{{1, 4, 4, 4}}, {{4, 2, 3, 3}}},
                     [](const Tensor& x, const Tensor& w) { return conv2d(x, w, {}, {.groups = 2}); }),
        floating_row("conv1d", Kind::smooth, {{{2, 3, 7}}, {{4, 3, 3}}, {{4}}},
                     [](const Tensor& x, const Tensor& w, const Tensor& b) {
                       return conv1d(x, w, b, {.stride = 2, .padding = 1});
                     }),
        floating_row("conv_transpose2d", Kind::smooth, {{{2, 4, 3, 2}}, {{4, 2, 3, 2}}, {{4}}},
                     [](const Tensor& x, const Tensor& w, const Tensor& b) {
                       return conv_transpose2d(
                           x, w, b, {.stride = 2, .padding = 1, .output_padding = {1, 0}, .groups = 2});
                     }),
    });

/// conv2d by its definition, one product after another.
std::vector<double> by_definition(const Tensor& x, const Tensor& w, const ConvOptions& o) {
  const std::int64_t kh = w.size(2), kw = w.size(3), in = w.size(1), out = w.size(0) / o.groups;
  const auto places = [](std::int64_t n, int stride, int padding, int dilation, std::int64_t k) {
    return (n + 2 * padding - dilation * (k - 1) - 1) / stride + 1;
  };
  const std::int64_t oh = places(x.size(2), o.stride.height, o.padding.height, o.dilation.height, kh);
  const std::int64_t ow = places(x.size(3), o.stride.width, o.padding.width, o.dilation.width, kw);
  std::vector<double> y;
  for (std::int64_t n = 0; n < x.size(0); ++n)
    for (std::int64_t c = 0; c < w.size(0); ++c)
      for (std::int64_t i = 0; i < oh; ++i)
        for (std::int64_t j = 0; j < ow; ++j) {
          double total = 0;
          for (std::int64_t p = 0; p < in; ++p)
            for (std::int64_t u = 0; u < kh; ++u)
              for (std::int64_t v = 0; v < kw; ++v) {
                const std::int64_t r = i * o.stride.height + u * o.dilation.height - o.padding.height;
                const std::int64_t s = j * o.stride.width + v * o.dilation.width - o.padding.width;
                if (r >= 0 && r < x.size(2) && s >= 0 && s < x.size(3))
                  total += x.at({n, c / out * in + p, r, s}) * w.at({c, p, u, v});
              }
          y.push_back(total);
        }
  return y;
}

void check_conv(const Shape& x_shape, const Shape& w_shape, const ConvOptions& o) {
  const Tensor x = randn(x_shape, {.dtype = float64}, Generator(1)),
               w = randn(w_shape, {.dtype = float64}, Generator(2));
  const std::vector<double> expected = by_definition(x, w, o);

  const std::vector<double> got = conv2d(x, w, {}, o).to_vector<double>();

  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == doctest::Approx(expected[i]).epsilon(1e-12));
}

}  // namespace

TEST_CASE("convolution: every row holds") { check_rows(convolution); }

TEST_CASE("conv2d is what its definition says, for strides, paddings, dilations and groups") {
  check_conv({2, 3, 5, 7}, {4, 3, 3, 2}, {});
  check_conv({1, 2, 6, 5}, {3, 2, 2, 3}, {.stride = {3, 2}, .padding = {2, 3}});
  check_conv({1, 4, 6, 7}, {6, 2, 2, 2}, {.dilation = {3, 2}, .groups = 2});
  check_conv({2, 3, 4, 4}, {3, 1, 3, 3}, {.stride = 2, .padding = 1, .groups = 3});
  check_conv({1, 1, 1, 1}, {1, 1, 1, 1}, {.padding = 4});
}

TEST_CASE("conv2d and its gradients are those of a product with unfolded patches") {
  const auto check = [](const Shape& x_shape, const Shape& w_shape, Pair padding, DType dtype) {
    const Tensor x = randn(x_shape, {.dtype = dtype, .requires_grad = true}, Generator(1)),
                 w = randn(w_shape, {.dtype = dtype, .requires_grad = true}, Generator(2)),
                 b = randn({w_shape[0]}, {.dtype = dtype, .requires_grad = true}, Generator(3));
    const Pair kernel(static_cast<int>(w_shape[2]), static_cast<int>(w_shape[3]));
    const Tensor patches = unfold(x, kernel, {.padding = padding});
    const Tensor product = matmul(reshape(w, {w_shape[0], w.numel() / w_shape[0]}), patches);

    const Tensor y = conv2d(x, w, b, {.padding = padding});
    const Tensor expected = reshape(product, y.shape()) + reshape(b, {b.numel(), 1, 1});

    const Tensor g = randn(y.shape(), {.dtype = dtype}, Generator(4));
    const auto got = grad({y}, {x, w, b}, {g}), wanted = grad({expected}, {x, w, b}, {g});
    const double tolerance = dtype == float64 ? 1e-12 : 1e-4;
    CHECK(allclose(y, expected, tolerance, tolerance));
    for (std::size_t i = 0; i < 3; ++i) CHECK(allclose(got[i], wanted[i], tolerance, 10 * tolerance));
  };
  for (const DType dtype : {float32, float64}) {
    check({2, 3, 9, 21}, {5, 3, 3, 4}, {1, 2}, dtype);
    check({3, 2, 6, 5}, {9, 2, 2, 2}, 0, dtype);
    check({2, 2, 3, 40}, {17, 2, 1, 7}, {0, 3}, dtype);
    check({1, 1, 4, 4}, {2, 1, 2, 3}, 4, dtype);        // more padding than the kernel covers
    check({1, 2, 40, 30}, {3, 2, 11, 13}, 5, dtype);    // long runs of taps
    check({1, 1, 400, 350}, {2, 1, 3, 3}, 1, dtype);    // planes that do not fit a cache
    check({1, 128, 3, 3}, {128, 128, 2, 2}, 0, dtype);  // more sums than fit
  }
}

TEST_CASE("conv2d of no images, no channels or no outputs has empty results and gradients of zeros") {
  const auto check = [](const Shape& x_shape, const Shape& w_shape) {
    const Tensor x = ones(x_shape, {.requires_grad = true}), w = ones(w_shape, {.requires_grad = true});

    const Tensor y = conv2d(x, w);
    y.backward(ones(y.shape()));

    CHECK(y.shape() == Shape{x_shape[0], w_shape[0], 3, 3});
    CHECK(equal(y.detach(), zeros(y.shape())));
    CHECK(equal(x.grad(), zeros(x_shape)));
    CHECK(equal(w.grad(), zeros(w_shape)));
  };
  check({0, 1, 5, 5}, {2, 1, 3, 3});
  check({2, 0, 5, 5}, {2, 0, 3, 3});
  check({2, 1, 5, 5}, {0, 1, 3, 3});
  check({2, 0, 5, 5}, {0, 0, 3, 3});
}

TEST_CASE("conv2d: an infinite element reaches only the gradients that it has a part in") {
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<double> pixels(25, 1), taps(9, 1);
  pixels[5] = inf;  // [1, 0], which meets only the first column of the weights
  taps[0] = inf;    // reaches all but the last two rows and columns of the image
  const Tensor x = tensor(pixels, Shape{1, 1, 5, 5}, {.requires_grad = true}),
               w = tensor(taps, Shape{1, 1, 3, 3}, {.requires_grad = true});

  const auto g = grad(sum(conv2d(x, w)), {x, w});

  const std::vector<double> dx = g[0].to_vector<double>(), dw = g[1].to_vector<double>();
  for (std::size_t i = 0; i < 25; ++i) CHECK(std::isfinite(dx[i]) == (i / 5 > 2 || i % 5 > 2));
  for (std::size_t i = 0; i < 9; ++i) CHECK(std::isfinite(dw[i]) == (i % 3 != 0 || i / 3 > 1));
}

TEST_CASE("conv_transpose2d is the transpose of conv2d: <C x, g> = <x, C^T g>") {
  const Tensor x = randn({2, 4, 7, 6}, {.dtype = float64}, Generator(1)),
               w = randn({6, 2, 3, 2}, {.dtype = float64}, Generator(2));
  const Tensor y = conv2d(x, w, {}, {.stride = 2, .padding = 1, .groups = 2});
  const Tensor g = randn(y.shape(), {.dtype = float64}, Generator(3));

  const Tensor back =
      conv_transpose2d(g, w, {}, {.stride = 2, .padding = 1, .output_padding = {0, 0}, .groups = 2});

  CHECK(back.shape() == x.shape());
  CHECK(sum(y * g).item() == doctest::Approx(sum(x * back).item()).epsilon(1e-12));
}

TEST_CASE("convolution: wrong operands are named") {
  const Tensor x = ones({1, 3, 4, 4}), w = ones({2, 3, 3, 3});

  CHECK_THROWS_WITH_AS(
      conv2d(x, ones({2, 4, 3, 3})),
      "conv2d: x must have the weight's 4 channels: x is f32[1, 3, 4, 4], weight is f32[2, 4, 3, 3]", Error);
  CHECK_THROWS_WITH_AS(conv2d(x, ones({2, 3, 5, 5})),
                       "conv2d: the kernel is larger than the padded image: x is f32[1, 3, 4, 4], weight is "
                       "f32[2, 3, 5, 5]; take a smaller kernel, or more padding",
                       Error);
  CHECK_THROWS_WITH_AS(
      conv2d(x, w, ones({3})),
      "conv2d: the bias must have the 2 output channels: x is f32[1, 3, 4, 4], weight is f32[2, 3, 3, 3], "
      "bias is f32[3]",
      Error);
  CHECK_THROWS_WITH_AS(conv2d(x, w, {}, {.stride = 0}), "conv2d: the stride must be at least 1: it is 0",
                       Error);
  CHECK_THROWS_WITH_AS(
      conv2d(ones({3, 4, 4}), w),
      "conv2d: needs x[batch, channels, height, width] and a weight of 4 axes: x is f32[3, 4, 4], weight "
      "is f32[2, 3, 3, 3]",
      Error);
  CHECK_THROWS_WITH_AS(
      conv2d(x, w.to(float64)),
      "conv2d: operands differ in dtype: x is f32[1, 3, 4, 4], weight is f64[2, 3, 3, 3]; convert one with "
      ".to()",
      Error);
  CHECK_THROWS_WITH_AS(fold(ones({1, 5, 4}), {4, 4}, 2, {.stride = 2}),
                       "fold: the image needs a multiple of 4 rows, and 4 positions: x is f32[1, 5, 4]",
                       Error);
}
