#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::check_rows;
using test::Family;
using test::floating_row;
using test::Kind;

using V = std::vector<double>;

namespace {

const Family pooling(
    "pooling",
    {
        floating_row("max_pool2d", Kind::piecewise, {{{2, 2, 5, 4}}},
                     [](const Tensor& x) {
                       return max_pool2d(x, {3, 2}, {.stride = 1, .padding = 1});
                     },
                     {{{0, 2, 5, 4}}}),
        floating_row("max_pool2d", Kind::piecewise, {{{1, 1, 6, 6}}},
                     [](const Tensor& x) { return max_pool2d(x, 2, {.dilation = 2}); }),
        floating_row("avg_pool2d", Kind::smooth, {{{2, 2, 5, 4}}},
                     [](const Tensor& x) {
                       return avg_pool2d(x, {3, 2}, {.stride = {2, 1}, .padding = 1});
                     },
                     {{{0, 2, 5, 4}}}),
        floating_row("avg_pool2d", Kind::smooth, {{{1, 1, 4, 4}}},
                     [](const Tensor& x) {
                       return avg_pool2d(x, 3, {.stride = 2, .padding = 1, .count_include_pad = false});
                     }),
        floating_row("adaptive_avg_pool2d", Kind::smooth, {{{1, 2, 5, 7}}},
                     [](const Tensor& x) {
                       return adaptive_avg_pool2d(x, {2, 3});
                     }),
        floating_row("interpolate", Kind::smooth, {{{1, 2, 3, 4}}},
                     [](const Tensor& x) {
                       return interpolate(x, {5, 3});
                     }),
        floating_row("interpolate", Kind::smooth, {{{1, 2, 3, 4}}},
                     [](const Tensor& x) {
                       return interpolate(x, {5, 7}, {.mode = Interpolation::bilinear});
                     }),
        floating_row(
            "interpolate", Kind::smooth, {{{1, 1, 3, 4}}},
            [](const Tensor& x) {
              return interpolate(x, {5, 2}, {.mode = Interpolation::bilinear, .align_corners = true});
            }),
    });

Tensor image(const V& v, std::int64_t h, std::int64_t w) { return tensor(v, Shape{1, 1, h, w}); }

}  // namespace

TEST_CASE("pooling: every row holds") { check_rows(pooling); }

TEST_CASE("max_pool2d takes the largest of each window, and padding never wins") {
  const Tensor x = image({-1, -2, -3, -4, -5, -6, -7, -8, -9}, 3, 3);

  CHECK(max_pool2d(x, 2, {.stride = 1}).to_vector<double>() == V{-1, -2, -4, -5});
  CHECK(max_pool2d(x, 2, {.padding = 1}).to_vector<double>() == V{-1, -2, -4, -5});
  CHECK(max_pool2d(x, 2, {.stride = 1, .dilation = 2}).to_vector<double>() == V{-1});
}

TEST_CASE("max_pool2d gives the whole cotangent to the first of equal values, and lets nan win") {
  const Tensor x = tensor(V{1, 1, 2, 2}, Shape{1, 1, 1, 4}, {.requires_grad = true});

  sum(max_pool2d(x, {1, 2})).backward();

  CHECK(x.grad().to_vector<double>() == V{1, 0, 1, 0});
  CHECK(std::isnan(max_pool2d(image({1, NAN, 3, 4}, 2, 2), 2).item()));
}

TEST_CASE("max_pool2d of tiles of 2 x 2 is what the loop over windows gives, ties and nan included") {
  for (const Shape& shape : {Shape{2, 3, 6, 8}, Shape{1, 2, 5, 70}, Shape{3, 1, 2, 2}}) {
    const Tensor digits = randint(0, 3, shape, {}, Generator(1)).to(float64);
    const Tensor x = where(digits == 2, full({}, std::nan(""), {.dtype = float64}), digits).requires_grad_();
    Shape column = shape;
    column[3] = 1;
    const Tensor odd =
        cat({x, full(column, -1.0, {.dtype = float64})}, 3);  // no tiles fill rows of odd length

    const Tensor y = max_pool2d(x, 2), expected = max_pool2d(odd, 2);

    const Tensor g = randn(y.shape(), {.dtype = float64}, Generator(2));
    CHECK(allclose(y, expected, 0, 0, true));
    CHECK(equal(grad({y}, {x}, {g})[0], grad({expected}, {x}, {g})[0]));
  }
}

TEST_CASE("avg_pool2d counts padding unless told not to") {
  const Tensor x = image({4, 8, 12, 16}, 2, 2);

  CHECK(avg_pool2d(x, 2).item() == 10);
  CHECK(avg_pool2d(x, 2, {.padding = 1}).to_vector<double>() == V{1, 2, 3, 4});
  CHECK(avg_pool2d(x, 2, {.padding = 1, .count_include_pad = false}).to_vector<double>() == V{4, 8, 12, 16});
}

TEST_CASE("adaptive_avg_pool2d divides the image into overlapping parts") {
  const Tensor x = image({1, 2, 3, 4, 5}, 1, 5);

  CHECK(allclose(adaptive_avg_pool2d(x, {1, 2}), image({2, 4}, 1, 2), 1e-15));  // 1..3 and 3..5
  CHECK(adaptive_avg_pool2d(x, {1, 5}).to_vector<double>() == V{1, 2, 3, 4, 5});
  CHECK(adaptive_avg_pool2d(x, 1).item() == doctest::Approx(3).epsilon(1e-15));
}

TEST_CASE("interpolate: nearest repeats pixels, bilinear weighs them") {
  const Tensor x = image({1, 3}, 1, 2);

  CHECK(interpolate(x, {1, 4}).to_vector<double>() == V{1, 1, 3, 3});
  CHECK(interpolate(x, {1, 4}, {.mode = Interpolation::bilinear}).to_vector<double>() == V{1, 1.5, 2.5, 3});
  CHECK(
      interpolate(x, {1, 3}, {.mode = Interpolation::bilinear, .align_corners = true}).to_vector<double>() ==
      V{1, 2, 3});
}

TEST_CASE("pooling: wrong operands are named") {
  CHECK_THROWS_WITH_AS(max_pool2d(ones({3, 4}), 2),
                       "max_pool2d: needs x[batch, channels, height, width]: x is f32[3, 4]", Error);
  CHECK_THROWS_WITH_AS(max_pool2d(ones({1, 1, 2, 2}), 3),
                       "max_pool2d: the kernel is larger than the padded image: x is f32[1, 1, 2, 2], the "
                       "kernel is [3, 3]; take a smaller kernel, or more padding",
                       Error);
  CHECK_THROWS_WITH_AS(avg_pool2d(ones({1, 1, 4, 4}), 2, {.padding = 2}),
                       "avg_pool2d: the padding must lie between 0 and half the kernel: they are [2, 2] and "
                       "[2, 2], x is f32[1, 1, 4, 4]",
                       Error);
  CHECK_THROWS_WITH_AS(max_pool2d(ones({1, 1, 4, 4}), 0),
                       "max_pool2d: kernel, stride and dilation must lie between 1 and 32767: they are [0, "
                       "0], [0, 0] and [1, 1], x is f32[1, 1, 4, 4]",
                       Error);
  CHECK_THROWS_WITH_AS(
      interpolate(ones({1, 1, 4, 4}), {0, 2}),
      "interpolate: sizes must be at least 1: x is f32[1, 1, 4, 4], the result would be 0 by 2", Error);
}
