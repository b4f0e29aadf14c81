#include "core/geometry/window_axis.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

/// The channels of a convolution: groups of a on the large side and of b on the small side.
struct Channels {
  int n, groups, a, b;

  static Channels drawn(Draw& draw) { return {draw(0, 2), draw(1, 3), draw(0, 3), draw(0, 3)}; }

  /// large[n][groups * a][h][w], small[n][groups * b][oh][ow], weight[groups * b][a][kh][kw]: calls f with
  /// their offsets for every product of a convolution.
  template <class F>
  void each(const Axis& r, const Axis& c, std::int64_t oh, std::int64_t ow, std::int64_t h, std::int64_t w,
            F f) const {
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t g = 0; g < groups; ++g)
        for (std::int64_t p = 0; p < a; ++p)
          for (std::int64_t q = 0; q < b; ++q)
            each_tap(r, c, oh, ow, h, w,
                     [&](std::int64_t y, std::int64_t x, std::int64_t row, std::int64_t column,
                         std::int64_t k, std::int64_t l) {
                       f(static_cast<std::size_t>(((i * groups * a + g * a + p) * h + row) * w + column),
                         static_cast<std::size_t>(((i * groups * b + g * b + q) * oh + y) * ow + x),
                         static_cast<std::size_t>((((g * b + q) * a + p) * r.kernel + k) * c.kernel + l));
                     });
  }
};

void check_convolution(Draw& draw) {
  const Axis r = Axis::drawn(draw), c = draw(0, 3) ? Axis::drawn(draw) : r;
  const Channels k = Channels::drawn(draw);
  const int groups = draw.one_in(20) ? draw.small_number(-1, 4) : k.groups;
  const std::string call = "conv2d " + r.text() + c.text() + Shape{k.n, k.groups, k.a, k.b, groups}.str();
  INFO(call);
  std::optional<Shape> shape;
  std::vector<Product> products;
  if (r.is_window() && c.is_window() && groups == k.groups) {
    const std::int64_t oh = r.places(), ow = c.places();
    if (oh > 0 && ow > 0) shape = Shape{k.n, k.groups * k.b, oh, ow};
    if (shape && is_small(*shape))
      k.each(r, c, oh, ow, r.in, c.in, [&](std::size_t large, std::size_t small, std::size_t tap) {
        products.push_back({small, large, tap});
      });
  } else if (groups > 0 && groups != k.groups && (k.groups * k.b) % groups == 0 &&
             k.groups * k.a == std::int64_t{groups} * k.a) {
    return;  // without channels another number of groups is legal too
  }
  const ConvOptions options{.stride = {r.stride, c.stride},
                            .padding = {r.padding, c.padding},
                            .dilation = {r.dilation, c.dilation},
                            .groups = groups};
  check_products(
      draw, draw.whole({k.n, k.groups * k.a, r.in, c.in}),
      draw.whole({k.groups * k.b, k.a, r.kernel, c.kernel}),
      [&](const Tensor& x, const Tensor& w) { return conv2d(x, w, {}, options); }, shape, products);
}

void check_line(Draw& draw) {
  const Axis r{1, 1, 1, 0, 1, 0}, c = Axis::drawn(draw);
  const Channels k = Channels::drawn(draw);
  const std::string call = "conv1d " + c.text() + Shape{k.n, k.groups, k.a, k.b}.str();
  INFO(call);
  std::optional<Shape> shape;
  std::vector<Product> products;
  if (c.is_window() && c.places() > 0) {
    shape = Shape{k.n, k.groups * k.b, c.places()};
    if (is_small(*shape))
      k.each(r, c, 1, c.places(), 1, c.in, [&](std::size_t large, std::size_t small, std::size_t tap) {
        products.push_back({small, large, tap});
      });
  }
  const ConvOptions options{.stride = {7, c.stride},  // of the height, which there is not
                            .padding = {7, c.padding},
                            .dilation = {7, c.dilation},
                            .groups = k.groups};
  check_products(
      draw, draw.whole({k.n, k.groups * k.a, c.in}), draw.whole({k.groups * k.b, k.a, c.kernel}),
      [&](const Tensor& x, const Tensor& w) { return conv1d(x, w, {}, options); }, shape, products);
}

void check_transposed(Draw& draw) {
  const Axis r = Axis::drawn(draw), c = draw(0, 3) ? Axis::drawn(draw) : r;
  const Channels k = Channels::drawn(draw);
  const std::string call = "conv_transpose2d " + r.text() + c.text() + Shape{k.n, k.groups, k.a, k.b}.str();
  INFO(call);
  if (r.in < 1 || c.in < 1) return;
  const auto fits = [](const Axis& a) {
    return a.is_window() && a.extra >= 0 && a.extra < std::max(a.stride, a.dilation) && a.transposed() > 0;
  };
  std::optional<Shape> shape;
  std::vector<Product> products;
  if (fits(r) && fits(c)) {
    shape = Shape{k.n, k.groups * k.a, r.transposed(), c.transposed()};
    if (is_small(*shape))
      k.each(r, c, r.in, c.in, r.transposed(), c.transposed(),
             [&](std::size_t large, std::size_t small, std::size_t tap) {
               products.push_back({large, small, tap});
             });
  }
  const ConvTransposeOptions options{.stride = {r.stride, c.stride},
                                     .padding = {r.padding, c.padding},
                                     .output_padding = {r.extra, c.extra},
                                     .groups = k.groups,
                                     .dilation = {r.dilation, c.dilation}};
  check_products(
      draw, draw.whole({k.n, k.groups * k.b, r.in, c.in}),
      draw.whole({k.groups * k.b, k.a, r.kernel, c.kernel}),
      [&](const Tensor& x, const Tensor& w) { return conv_transpose2d(x, w, {}, options); }, shape, products);
}

}  // namespace

void sweep::windows(int configurations, unsigned seed) {
  run(configurations, seed, {check_convolution, check_line, check_transposed});
}

TEST_CASE("convolutions are plain loops, on thousands of configurations") { windows(5000, 1); }
