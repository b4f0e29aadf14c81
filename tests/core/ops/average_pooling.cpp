// Means of windows against plain loops, and pixels that interpolation takes.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

struct Case {
  std::int64_t h, w;
  Pair kernel, stride, padding;
};

/// The means of a plane, and what each element of it gets of the cotangents.
struct Means {
  std::vector<double> y, dx;

  Means(const std::vector<double>& x, const std::vector<double>& g, const Case& c, bool count_padding)
      : dx(x.size()) {
    const std::int64_t oh = (c.h + 2 * c.padding.height - c.kernel.height) / c.stride.height + 1;
    const std::int64_t ow = (c.w + 2 * c.padding.width - c.kernel.width) / c.stride.width + 1;
    for (std::int64_t i = 0; i < oh; ++i)
      for (std::int64_t j = 0; j < ow; ++j) {
        std::vector<std::size_t> window;
        for (std::int64_t a = 0; a < c.kernel.height; ++a)
          for (std::int64_t b = 0; b < c.kernel.width; ++b) {
            const std::int64_t r = i * c.stride.height - c.padding.height + a,
                               s = j * c.stride.width - c.padding.width + b;
            if (r >= 0 && s >= 0 && r < c.h && s < c.w)
              window.push_back(static_cast<std::size_t>(r * c.w + s));
          }
        const double area =
            count_padding ? c.kernel.height * c.kernel.width : static_cast<double>(window.size());
        double total = 0;
        for (std::size_t at : window) total += x[at], dx[at] += g[y.size()] / area;
        y.push_back(window.empty() ? 0 : total / area);
      }
  }
};

}  // namespace

TEST_CASE("avg_pool2d and its gradient are the means of plain loops") {
  const Case cases[] = {{4, 6, 2, 2, 0},        {5, 7, 2, 2, 0},
                        {9, 33, 3, 2, 1},       {7, 8, 3, 1, 1},
                        {20, 37, 5, 3, 2},      {6, 6, 6, 6, 0},
                        {4, 40, {4, 40}, 1, 0}, {3, 50, {2, 33}, 1, {1, 16}},
                        {8, 5, 1, 2, 0},        {6, 9, {2, 3}, {3, 4}, {1, 0}},
                        {1, 1, 1, 1, 0},        {2, 2, 4, 2, 2}};
  for (const Case& c : cases)
    for (const bool count_padding : {true, false})
      for (const DType dtype : {float32, float64}) {
        const Tensor x = randn({2, 3, c.h, c.w}, {.dtype = dtype}, Generator(1)).requires_grad_();
        CAPTURE(x.describe());
        CAPTURE(c.kernel.height);
        const Tensor y = avg_pool2d(x, c.kernel, {c.stride, c.padding, 1, count_padding});
        const Tensor g = randn(y.shape(), {.dtype = dtype}, Generator(2)), dx = grad({y}, {x}, {g})[0];
        const double limit = dtype == float32 ? 1e-6 : 1e-14;
        for (std::int64_t n = 0; n < 2; ++n)
          for (std::int64_t k = 0; k < 3; ++k) {
            const auto plane = [&](const Tensor& u) { return u.detach()[n][k].to(float64); };
            const Means m(flatten(plane(x)).to_vector<double>(), flatten(plane(g)).to_vector<double>(), c,
                          count_padding);
            CHECK(allclose(flatten(plane(y)), tensor(m.y), limit, limit));
            CHECK(allclose(flatten(plane(dx)), tensor(m.dx), limit, limit));
          }
      }
}

TEST_CASE("a mean is nan only where its window has a nan") {
  const Tensor x = tensor({{{{1.0f, 1.0f, 1.0f, 1.0f, NAN, 1.0f}}}});

  CHECK(isnan(avg_pool2d(x, {1, 2}, {.stride = {1, 1}})).to_vector<bool>() ==
        std::vector<bool>{false, false, false, true, true});
}

TEST_CASE("the nearest pixel is taken as it is, whatever stands beside it") {
  const Tensor x = tensor({{{{1.0f, INFINITY}, {NAN, 2.0f}}}});

  const Tensor y = interpolate(x, {2, 4});

  CHECK(y.at({0, 0, 0, 1}) == 1);
  CHECK(y.at({0, 0, 0, 2}) == INFINITY);
  CHECK(std::isnan(y.at({0, 0, 1, 1})));
  CHECK(y.at({0, 0, 1, 3}) == 2);
}
