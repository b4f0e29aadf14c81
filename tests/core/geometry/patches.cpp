#include <limits>

#include "core/geometry/window_axis.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

/// The axes of a window over images of n * channels planes.
struct Windows {
  Axis r, c;
  int n, channels;

  static Windows drawn(Draw& draw) {
    const Axis r = Axis::drawn(draw), c = draw(0, 3) ? Axis::drawn(draw) : r;
    return {r, c, draw(0, 2), draw(0, 2)};
  }
  std::string text(const char* op) const {
    return op + (" " + r.text()) + c.text() + Shape{n, channels}.str();
  }
  bool are_windows() const { return r.is_window() && c.is_window() && r.places() > 0 && c.places() > 0; }
  bool are_pools() const { return are_windows() && r.padding <= r.kernel / 2 && c.padding <= c.kernel / 2; }
  Shape image() const { return {n, channels, r.in, c.in}; }
  Shape pooled() const { return {n, channels, r.places(), c.places()}; }

  /// Calls f(place in the image, place in the result, tap) for each plane.
  template <class F>
  void each(F f) const {
    const std::int64_t oh = r.places(), ow = c.places();
    for (std::int64_t plane = 0; plane < n * channels; ++plane)
      each_tap(r, c, oh, ow, r.in, c.in,
               [&](std::int64_t y, std::int64_t x, std::int64_t row, std::int64_t column, std::int64_t i,
                   std::int64_t j) {
                 f(static_cast<std::size_t>((plane * r.in + row) * c.in + column),
                   static_cast<std::size_t>((plane * oh + y) * ow + x), i * c.kernel + j);
               });
  }
};

void check_max_pool(Draw& draw) {
  const Windows k = Windows::drawn(draw);
  const std::string call = k.text("max_pool2d");
  INFO(call);
  const Tensor x = draw.whole(k.image());
  Expected right;
  if (k.are_pools()) {
    right = Linear{{k.pooled()}};
    if (is_small(k.pooled())) {
      const V v = joined({x}, {x});
      right->base.assign(static_cast<std::size_t>(k.pooled().numel()), -inf);
      std::vector<std::size_t> winner(right->base.size());
      V largest = right->base;
      k.each([&](std::size_t in, std::size_t out, std::int64_t) {
        if (largest[out] == -inf || v[in] > largest[out]) largest[out] = v[in], winner[out] = in;
      });
      for (std::size_t out = 0; out < largest.size(); ++out)
        if (largest[out] != -inf) right->base[out] = 0, right->terms.push_back({out, winner[out]});
    }
  }
  const PoolOptions options{.stride = {k.r.stride, k.c.stride},
                            .padding = {k.r.padding, k.c.padding},
                            .dilation = {k.r.dilation, k.c.dilation}};
  if (k.r.stride == 0 || k.c.stride == 0) return;  // stands for the kernel's size
  check(
      draw, x,
      [&](const Tensor& t) {
        return max_pool2d(t, {k.r.kernel, k.c.kernel}, options);
      },
      right);
}

void check_average(Draw& draw) {
  Windows k = Windows::drawn(draw);
  k.r.dilation = k.c.dilation = 1;
  k.r.kernel = draw.of({1, 2, 4}), k.c.kernel = draw.of({1, 2, 4});  // quotients that doubles have
  const bool padded = draw.one_in(2);
  const std::string call = k.text(padded ? "avg_pool2d" : "avg_pool2d without padding");
  INFO(call);
  Expected right;
  if (k.are_pools()) {
    right = Linear{{k.pooled()}};
    if (is_small(k.pooled())) {
      std::vector<int> count(static_cast<std::size_t>(k.pooled().numel()),
                             padded ? k.r.kernel * k.c.kernel : 0);
      if (!padded) k.each([&](std::size_t, std::size_t out, std::int64_t) { ++count[out]; });
      for (int n : count)
        if (n % 3 == 0 && n > 0) return;
      k.each([&](std::size_t in, std::size_t out, std::int64_t) {
        right->terms.push_back({out, in, 1.0 / count[out]});
      });
    }
  }
  const PoolOptions options{
      .stride = {k.r.stride, k.c.stride}, .padding = {k.r.padding, k.c.padding}, .count_include_pad = padded};
  if (k.r.stride == 0 || k.c.stride == 0) return;
  check(
      draw, draw.whole(k.image()),
      [&](const Tensor& t) {
        return avg_pool2d(t, {k.r.kernel, k.c.kernel}, options);
      },
      right);
}

void check_unfold(Draw& draw) {
  const Windows k = Windows::drawn(draw);
  const bool folds = draw.one_in(2);
  const std::string call = k.text(folds ? "fold" : "unfold");
  INFO(call);
  const UnfoldOptions options{.dilation = {k.r.dilation, k.c.dilation},
                              .padding = {k.r.padding, k.c.padding},
                              .stride = {k.r.stride, k.c.stride}};
  const std::int64_t taps = std::int64_t{k.r.kernel} * k.c.kernel;
  const bool fits = k.are_windows();
  const std::int64_t places = fits ? k.r.places() * k.c.places() : 1;
  const Shape columns = {k.n, k.channels * taps, places};
  if (!is_small(columns)) return;
  std::vector<Term> terms;
  if (fits)
    k.each([&](std::size_t in, std::size_t out, std::int64_t tap) {
      const std::int64_t plane = static_cast<std::int64_t>(out) / places,
                         place = static_cast<std::int64_t>(out) % places;
      terms.push_back({static_cast<std::size_t>((plane * taps + tap) * places + place), in});
    });
  if (!folds) {
    Expected right;
    if (fits) right = Linear{{columns}, terms};
    check(
        draw, draw.whole(k.image()),
        [&](const Tensor& t) {
          return unfold(t, {k.r.kernel, k.c.kernel}, options);
        },
        right);
    return;
  }
  for (Term& t : terms) std::swap(t.in, t.out);
  Expected right;
  const int wrong = draw.one_in(10) ? draw.of({INT_MIN, -3, -1, INT_MAX}) : 0;
  if (fits && wrong == 0) right = Linear{{k.image()}, terms};
  check(
      draw, draw.whole(columns),
      [&](const Tensor& t) {
        return fold(t, {wrong != 0 ? wrong : k.r.in, k.c.in}, {k.r.kernel, k.c.kernel}, options);
      },
      right);
}

/// The matrix of a map along one axis, in quotients; empty for none.
using Rows = std::vector<V>;

Rows adaptive(std::int64_t out, std::int64_t in) {
  Rows rows(static_cast<std::size_t>(out), V(static_cast<std::size_t>(in)));
  for (std::int64_t i = 0; i < out; ++i) {
    const std::int64_t first = i * in / out, last = ((i + 1) * in + out - 1) / out;
    for (std::int64_t j = first; j < last; ++j)
      rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)] =
          1.0 / static_cast<double>(last - first);
  }
  return rows;
}

Rows nearest(std::int64_t out, std::int64_t in) {
  Rows rows(static_cast<std::size_t>(out), V(static_cast<std::size_t>(in)));
  for (std::int64_t i = 0; i < out; ++i)
    rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(i * in / out)] = 1;
  return rows;
}

void check_resized(Draw& draw) {
  const int n = draw(0, 2), channels = draw(0, 2), h = draw(0, 5), w = draw(0, 5);
  const int oh = draw.one_in(20) ? draw.of({INT_MIN, -1, 0, INT_MAX}) : draw(1, 6), ow = draw(1, 6);
  const bool means = draw.one_in(2);
  const std::string call =
      (means ? "adaptive_avg_pool2d " : "interpolate ") + Shape{n, channels, h, w, oh, ow}.str();
  INFO(call);
  const Shape out = {n, channels, oh, ow};
  Expected right;
  if (h > 0 && w > 0 && oh > 0) {
    right = Linear{{out}};
    if (!is_small(out)) return;
    const Rows rows = means ? adaptive(oh, h) : nearest(oh, h),
               columns = means ? adaptive(ow, w) : nearest(ow, w);
    const auto has_thirds = [](const Rows& all) {
      for (const V& row : all)
        for (double v : row)
          if (v != 0 && v != 1 && v != 0.5 && v != 0.25) return true;
      return false;
    };
    if (has_thirds(rows) || has_thirds(columns)) return;
    each(out, [&](const Place& p) {
      for (std::int64_t i = 0; i < h; ++i)
        for (std::int64_t j = 0; j < w; ++j) {
          const double by = rows[static_cast<std::size_t>(p[2])][static_cast<std::size_t>(i)] *
                            columns[static_cast<std::size_t>(p[3])][static_cast<std::size_t>(j)];
          if (by != 0) right->terms.push_back({at(out, p), at({n, channels, h, w}, {p[0], p[1], i, j}), by});
        }
    });
  }
  check(
      draw, draw.whole({n, channels, h, w}),
      [&](const Tensor& x) {
        return means ? adaptive_avg_pool2d(x, {oh, ow}) : interpolate(x, {oh, ow});
      },
      right);
}

}  // namespace

void sweep::patches(int configurations, unsigned seed) {
  run(configurations, seed, {check_max_pool, check_average, check_unfold, check_resized});
}

TEST_CASE("pools, patches and resampled images are plain loops, on thousands of configurations") {
  patches(4000, 1);
}
