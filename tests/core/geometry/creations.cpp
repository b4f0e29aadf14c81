#include <algorithm>
#include <cmath>

#include "core/geometry/sweep.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

/// Calls f and compares whole numbers; none where it must throw.
void check_numbers(const std::function<Tensor()>& f, const std::optional<Shape>& shape,
                   const std::optional<std::vector<std::int64_t>>& right = {}) {
  if (shape && !is_small(*shape)) return;
  std::vector<Tensor> y;
  if (!results_in(
          {}, [&](const std::vector<Tensor>&) { return std::vector<Tensor>{f()}; }, shape.has_value(),
          {shape.value_or(Shape{})}, y))
    return;
  if (right && y[0].to(int64).to_vector<std::int64_t>() != *right)
    wrong("the numbers are not those of the loop");
}

void check_arange(Draw& draw) {
  const bool near = draw.one_in(2);
  const std::int64_t start = draw.number(-9, 9), step = near ? draw(-3, 3) : draw.number(-3, 3);
  __int128 stop = near ? static_cast<__int128>(start) + draw(-9, 9) : draw.number(-9, 9);
  stop = std::clamp<__int128>(stop, INT64_MIN, INT64_MAX);
  const auto end = static_cast<std::int64_t>(stop);
  const std::string call = "arange " + Shape{start, end, step}.str();
  INFO(call);
  std::optional<Shape> shape;
  std::vector<std::int64_t> right;
  if (step != 0) {
    const __int128 room = step > 0 ? stop - start : start - stop,
                   by = step > 0 ? step : -static_cast<__int128>(step);
    const __int128 count = room <= 0 ? 0 : (room + by - 1) / by;
    if (count <= (__int128{1} << 45)) shape = Shape{static_cast<std::int64_t>(count)};
    for (__int128 i = 0; i < count && count <= 20000; ++i)
      right.push_back(static_cast<std::int64_t>(start + i * step));
  }
  check_numbers([&] { return arange(start, end, step); }, shape, right);
}

void check_filled(Draw& draw) {
  std::vector<std::int64_t> sizes;
  for (int k = draw(0, 4); k > 0; --k) sizes.push_back(draw.number(draw.one_in(10) ? -1 : 0, 4));
  const Shape shape(sizes);
  const int kind = draw(0, 5);
  const std::string call = "creation " + std::to_string(kind) + " of " + shape.str();
  INFO(call);
  std::optional<Shape> right = shape;
  for (std::int64_t n : shape)
    if (n < 0) right.reset();
  if (right && is_too_large(shape)) right.reset();
  check_numbers(
      [&] {
        return kind == 0   ? zeros(shape)
               : kind == 1 ? full(shape, 3)
               : kind == 2 ? rand(shape)
               : kind == 3 ? randint(0, 3, shape)
               : kind == 4 ? empty(shape, {.dtype = boolean})
                           : bernoulli(0.5, shape);
      },
      right);
}

void check_eye(Draw& draw) {
  const std::int64_t n = draw.number(-1, 5), m = draw.number(-1, 5);
  const std::string call = "eye " + Shape{n, m}.str();
  INFO(call);
  std::optional<Shape> shape = Shape{n, m};
  if (n < 0 || m < 0 || is_too_large(*shape)) shape.reset();
  std::vector<std::int64_t> right;
  if (shape && is_small(*shape)) each(*shape, [&](const Place& p) { right.push_back(p[0] == p[1]); });
  check_numbers([&] { return eye(n, m); }, shape, right);
}

void check_random(Draw& draw) {
  const std::int64_t low = draw.number(-5, 5), high = draw.number(-5, 5), n = draw.number(-1, 9);
  const std::string call = "randint, randperm " + Shape{low, high, n}.str();
  INFO(call);
  std::optional<Shape> shape;
  if (low < high) shape = Shape{20};
  check_numbers(
      [&] {
        const Tensor x = randint(low, high, {20});
        for (std::int64_t i : x.to_vector<std::int64_t>())
          if (i < low || i >= high) wrong("a number is out of its range");
        return x;
      },
      shape);
  shape.reset();
  if (n >= 0 && n <= (std::int64_t{1} << 45)) shape = Shape{n};
  check_numbers(
      [&] {
        const Tensor x = randperm(n);
        std::vector<std::int64_t> all = x.to_vector<std::int64_t>();
        std::sort(all.begin(), all.end());
        for (std::size_t i = 0; i < all.size(); ++i)
          if (all[i] != static_cast<std::int64_t>(i)) wrong("a number is missing");
        return x;
      },
      shape);
}

void check_linspace(Draw& draw) {
  const std::int64_t steps = draw.number(-1, 9);
  const double start = draw(-9, 9), by = draw(-3, 3);
  const std::string call = "linspace of " + std::to_string(steps);
  INFO(call);
  std::optional<Shape> shape;
  std::vector<std::int64_t> right;
  if (steps >= 0 && steps <= (std::int64_t{1} << 45)) shape = Shape{steps};
  for (std::int64_t i = 0; i < steps && steps < 100; ++i)
    right.push_back(static_cast<std::int64_t>(start) + i * static_cast<std::int64_t>(by));
  check_numbers(
      [&] {
        return linspace(start, start + by * static_cast<double>(std::max<std::int64_t>(steps, 1) - 1), steps);
      },
      shape, right);
}

/// round to decimals: extreme ones leave a number as it is, or make it 0.
void check_round(Draw& draw) {
  const int decimals = draw.one_in(2) ? draw.of({INT_MIN, -400, -310, 310, 400, INT_MAX}) : draw(-2, 2);
  const Tensor x = draw.whole({4}, float64, 40);
  const std::string call = "round to " + std::to_string(decimals);
  INFO(call);
  V right = joined({x}, {x});
  for (double& v : right) {
    if (decimals < -2) v = 0;
    if (decimals == -1) v = std::nearbyint(v / 10) * 10;
    if (decimals == -2) v = std::nearbyint(v / 100) * 100;
  }
  require_same("the value", joined({round(x, decimals)}, {x}), right);
}

}  // namespace

void sweep::creations(int configurations, unsigned seed) {
  run(configurations, seed,
      {check_arange, check_filled, check_eye, check_random, check_linspace, check_round});
}

TEST_CASE("new tensors are plain loops, on thousands of configurations") { creations(2000, 1); }
