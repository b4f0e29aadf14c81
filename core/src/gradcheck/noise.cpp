#include <algorithm>
#include <cmath>
#include <limits>

#include "gradcheck/compensated.hpp"
#include "gradcheck/problem.hpp"

namespace xgrad::checking {
namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();
constexpr double denorm = std::numeric_limits<double>::denorm_min();
constexpr double most_rounding = 0x1p-44;
constexpr int samples = 8;

/// Every entry that is not 0, moved by 16 to 63 ulp a step: so small that f is a straight line but for
/// rounding.
std::vector<Move> tiny_moves(const Problem& problem, Generator& random) {
  std::vector<Move> moves;
  for (int i = 0; i < problem.leaf_count(); ++i)
    for (std::int64_t k = 0; k < problem.leaf(i).numel(); ++k) {
      const double x = std::abs(problem.at({i, k}));
      if (x == 0 || !std::isfinite(x)) continue;
      const double ulps = 16 + random.draw() % 48;
      moves.push_back({i, k, (random.draw() & 1u ? ulps : -ulps) * eps * power_of_two(x)});
    }
  return moves;
}

/// The root mean square of rounding errors from equally spaced values: the smallest of three orders.
double noise_in(std::vector<double> values) {
  double noise = std::numeric_limits<double>::infinity();
  double norm = 1;  // (2k)! / (k!)^2: by how much differences of order k amplify independent errors
  for (int k = 1; k <= 5; ++k) {
    for (std::size_t i = 0; i + 1 < values.size(); ++i) values[i] = values[i + 1] - values[i];
    values.pop_back();
    norm *= (4.0 * k - 2) / k;
    if (k < 3) continue;
    double squares = 0;
    for (double d : values) squares += d * d;
    noise = std::min(noise, std::sqrt(squares / (norm * static_cast<double>(values.size()))));
  }
  return noise;
}

/// The largest power of two that divides all values: more than their ulp where larger numbers have cancelled.
double granularity(const std::vector<double>& values) {
  double grain = std::numeric_limits<double>::infinity();
  for (double y : values) {
    if (y == 0 || !std::isfinite(y)) continue;
    int exponent;
    auto digits = static_cast<std::uint64_t>(std::ldexp(std::frexp(std::abs(y), &exponent), 53));
    grain = std::min(grain, std::ldexp(static_cast<double>(digits & (~digits + 1)), exponent - 53));
  }
  return grain;
}

}  // namespace

Values rounding_noise(Problem& problem, Generator& random,
                      const std::function<Values(std::span<const Move>, double)>& f) {
  const std::vector<Move> moves = tiny_moves(problem, random);
  Values noise;
  for (const double spread : {1.0, 0x1p20}) {
    std::vector<Values> at;
    for (int j = 1; j <= samples; ++j) at.push_back(f(moves, j * spread));
    noise.resize(at[0].size());
    for (std::size_t k = 0; k < noise.size(); ++k) {
      std::vector<double> column;
      for (const Values& y : at) column.push_back(y[k]);
      const double size = std::abs(column[0]);
      const double grain = granularity(column);
      const double measured = 2 * noise_in(std::move(column));
      // Over the wider spread f may be far from straight; that is larger than any rounding.
      const double limit = most_rounding * std::max(1.0, size);
      if (std::isfinite(measured) && (spread == 1 || measured < limit))
        noise[k] = std::max(noise[k], measured);
      if (grain < limit) noise[k] = std::max(noise[k], 2 * grain);
      // A function of a few operations is good to an ulp or two, whatever eight samples happen to show.
      if (std::isfinite(size)) noise[k] = std::max(noise[k], 2 * eps * size + denorm);
    }
  }
  return noise;
}

double Setting::noise_of_gradient(int leaf, std::int64_t index) {
  if (!gradient_noise) {
    const Values units = signed_numbers(v.size(), random);
    const auto flat = [&](std::span<const Move> moves, double step) {
      Values w = v;
      for (std::size_t k = 0; k < w.size(); ++k) w[k] *= 1 + 32 * eps * step * units[k];
      Values all;
      for (const Values& g : problem.gradient_at(moves, step, w)) all.insert(all.end(), g.begin(), g.end());
      return all;
    };
    const Values all = rounding_noise(problem, random, flat);
    gradient_noise.emplace();
    auto from = all.begin();
    for (const Values& g : gradient) {
      const auto to = from + static_cast<std::ptrdiff_t>(g.size());
      gradient_noise->emplace_back(from, to);
      from = to;
    }
  }
  return 8 * (*gradient_noise)[static_cast<std::size_t>(leaf)][static_cast<std::size_t>(index)];
}

double Setting::gradient_of_still(std::span<const Move> moves) const {
  Values w = v;
  for (std::size_t k = 0; k < w.size(); ++k)
    if (moved[k]) w[k] = 0;
  const Gradients g = problem.gradient(w);
  double slope = 0;
  for (const Move& m : moves)
    slope += m.unit * g[static_cast<std::size_t>(m.leaf)][static_cast<std::size_t>(m.index)];
  return slope;
}

Shift Setting::shift(std::span<const Move> moves, double h) {
  const Values ahead = problem.value_at(moves, h);
  const Values behind = problem.value_at(moves, -h);
  const Values& here = problem.value();
  CompensatedSum forward, backward;
  Shift s;
  moved.assign(v.size(), true);
  double all = 0;
  for (std::size_t k = 0; k < v.size(); ++k) {
    if (v[k] == 0) continue;
    const double up = ahead[k] - here[k], down = here[k] - behind[k];
    s.has_forward = s.has_forward && std::isfinite(up);
    s.has_backward = s.has_backward && std::isfinite(down);
    forward.add_product(v[k], up);
    backward.add_product(v[k], down);
    s.low += std::min(v[k] * up, v[k] * down);
    s.gap += std::abs(v[k] * (up - down));
    s.magnitude += std::abs(v[k]) * std::max(std::abs(up), std::abs(down));
    moved[k] = up != 0 || down != 0;
    (moved[k] ? s.noise : s.still_noise) += std::abs(v[k]) * noise[k];
    s.value += moved[k] ? std::abs(v[k] * here[k]) : 0;
    all += std::abs(v[k] * here[k]);
  }
  if (s.magnitude == 0) s.value = all;
  s.forward = forward.value() / h;
  s.backward = backward.value() / h;
  for (double* part : {&s.low, &s.gap, &s.magnitude, &s.noise, &s.still_noise}) *part /= h;
  return s;
}

}  // namespace xgrad::checking
