// Convolutions by planes, summed in registers and as products of blocks, against plain loops.

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "kernels/convolution/blocked.hpp"
#include "kernels/convolution/direct.hpp"
#include "xgrad/core/threads.hpp"

using namespace xgrad;
using namespace xgrad::detail;

namespace {

using V = std::vector<double>;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A convolution of one group, of whole numbers, so that sums have no rounding.
struct Case {
  Window k;
  std::int64_t images, c, h, w, o;
  V x, weights, g, bias;

  template <class Random>
  explicit Case(Random& random) {
    const auto below = [&](int n) { return static_cast<std::int64_t>(random() % static_cast<unsigned>(n)); };
    const auto small = [&](std::int64_t n) { return static_cast<std::int16_t>(n); };
    do {
      k = {small(1 + below(4)), small(1 + below(4)), small(below(4)),     small(below(4)),
           small(1 + below(3)), small(1 + below(3)), small(1 + below(4)), small(1 + below(4))};
      h = 1 + below(12), w = 1 + below(40);
    } while (k.out_h(h) < 1 || k.out_w(w) < 1);
    images = 1 + below(4), c = 1 + below(5), o = 1 + below(20);
    const auto numbers = [&](std::int64_t n) {
      V v(at(n));
      for (double& e : v) e = static_cast<double>(below(9)) - 4;
      return v;
    };
    x = numbers(images * c * h * w), weights = numbers(o * c * taps());
    g = numbers(images * o * results()), bias = numbers(o);
  }

  std::int64_t taps() const { return std::int64_t{k.kernel_h} * k.kernel_w; }
  std::int64_t results() const { return k.out_h(h) * k.out_w(w); }

  /// f(place in x, in weights, in g) for each product of the convolution.
  template <class F>
  void each_product(F f) const {
    for (std::int64_t n = 0; n < images; ++n)
      for (std::int64_t out = 0; out < o; ++out)
        for (std::int64_t p = 0; p < results(); ++p)
          for (std::int64_t in = 0; in < c; ++in)
            for (std::int64_t tap = 0; tap < taps(); ++tap) {
              const std::int64_t row = p / k.out_w(w) * k.stride_h + tap / k.kernel_w * k.dilation_h -
                                       k.padding_h,
                                 column = p % k.out_w(w) * k.stride_w + tap % k.kernel_w * k.dilation_w -
                                          k.padding_w;
              if (row < 0 || row >= h || column < 0 || column >= w) continue;
              f(at(((n * c + in) * h + row) * w + column), at((out * c + in) * taps() + tap),
                at((n * o + out) * results() + p));
            }
  }
};

template <template <class> class Weights>
V convolved(const Case& s) {
  const ForwardPlanes p(s.k, s.c, s.h, s.w);
  V y(s.g.size(), 99);
  Weights<double>(p.layout, p.grid, s.o, [&](std::int64_t o, std::int64_t c, std::int64_t tap) {
    return s.weights[at((o * s.c + c) * s.taps() + tap)];
  }).run(s.images, s.x.data(), s.c * s.h * s.w, s.bias.data(), {y.data(), s.results()}, s.o * s.results());
  return y;
}

/// The gradient of the images, phase by phase.
template <template <class> class Weights>
V transposed(const Case& s) {
  const TransposedPlanes p(s.k, s.o, s.h, s.w);
  V dx(s.x.size(), 99);
  for (std::int64_t a = 0; a < p.phases_h; ++a)
    for (std::int64_t b = 0; b < p.phases_w; ++b) {
      const TapGrid& grid = p.grids[at(a * p.phases_w + b)];
      V part(at(s.images * s.c * grid.results()), 99);
      Weights<double>(p.layout, grid, s.c,
                      [&](std::int64_t c, std::int64_t o, std::int64_t tap) {
                        return s.weights[at((o * s.c + c) * s.taps() + tap)];
                      })
          .run(s.images, s.g.data(), s.o * s.results(), nullptr, {part.data(), grid.results()},
               s.c * grid.results());
      for (std::int64_t n = 0; n < s.images * s.c; ++n)
        for (std::int64_t q = 0; q < grid.rows; ++q)
          for (std::int64_t r = 0; r < grid.columns; ++r)
            dx[at((n * s.h + q * p.phases_h + a) * s.w + r * p.phases_w + b)] =
                part[at((n * grid.rows + q) * grid.columns + r)];
    }
  return dx;
}

}  // namespace

TEST_CASE("convolutions by planes are the plain loops, in registers and by blocks") {
  std::mt19937 random(1);
  for (int i = 0; i < 1500; ++i) {
    const Case s(random);
    CAPTURE(i);
    V y(s.g.size()), dx(s.x.size()), dw(s.weights.size());
    for (std::size_t j = 0; j < y.size(); ++j) y[j] = s.bias[j / at(s.results()) % at(s.o)];
    s.each_product([&](std::size_t x, std::size_t w, std::size_t g) {
      y[g] += s.x[x] * s.weights[w], dx[x] += s.g[g] * s.weights[w], dw[w] += s.g[g] * s.x[x];
    });

    CHECK(convolved<DirectWeights>(s) == y);
    CHECK(convolved<BlockedWeights>(s) == y);
    CHECK(transposed<DirectWeights>(s) == dx);
    CHECK(transposed<BlockedWeights>(s) == dx);
    const ForwardPlanes p(s.k, s.c, s.h, s.w);
    const std::int64_t step_x = s.c * s.h * s.w, step_g = s.o * s.results();
    V sums(dw.size()), blocks(dw.size());
    DirectSums<double>(p.layout, p.grid, s.o)
        .add(s.images, s.x.data(), step_x, s.g.data(), step_g, sums.data());
    add_blocked_weights(p.layout, p.grid, s.o, s.images, s.x.data(), step_x, s.g.data(), step_g,
                        blocks.data());
    CHECK(sums == dw);
    CHECK(blocks == dw);
  }
}

TEST_CASE("blocks read nothing but what a tap meets: what is not finite stays where it is") {
  std::mt19937 random(2);
  for (int i = 0; i < 100; ++i) {
    Case s(random);
    const std::size_t bad = random() % s.x.size();
    s.x[bad] = INFINITY;
    V met(s.weights.size());
    s.each_product([&](std::size_t x, std::size_t w, std::size_t) { met[w] += x == bad; });
    const ForwardPlanes p(s.k, s.c, s.h, s.w);
    V dw(s.weights.size());
    add_blocked_weights(p.layout, p.grid, s.o, s.images, s.x.data(), s.c * s.h * s.w, s.g.data(),
                        s.o * s.results(), dw.data());
    for (std::size_t w = 0; w < dw.size(); ++w)
      if (met[w] == 0) CHECK(std::isfinite(dw[w]));
  }
}
