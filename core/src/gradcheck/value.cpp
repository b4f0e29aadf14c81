#include "gradcheck/value.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gradcheck/compensated.hpp"
#include "gradcheck/nearby.hpp"
#include "gradcheck/text.hpp"

namespace xgrad::checking {
namespace {

constexpr std::int64_t sampled = 32;  // entries of a large input that are judged one by one
constexpr double finest = 0x1p-42;    // of an entry: steps stay whole multiples of its ulp

GradcheckEntry entry_of(const Setting& s, const Judgement& j, double analytic, int input,
                        std::int64_t index) {
  return {
      .input = input,
      .index = index,
      .verdict = j.verdict,
      .analytic = analytic,
      .numeric = j.numeric,
      .error = j.error,
      .blind = j.blind,
      .place = index < 0 ? s.problem.name(input) + " along a direction" : place_of(s.problem, input, index),
      .note = j.note};
}

/// The verdict on a claim about the slope along some moves.
Judgement judge_along(Setting& s, std::span<const Move> moves, const Claim& claim) {
  Judgement j = judge([&](double h) { return s.shift(moves, h); }, claim);
  if ((j.verdict == Verdict::wrong || j.jumps) && std::isfinite(claim.slope) &&
      slope_of_neighbours(s, moves, claim.slope, j)) {
    j.verdict = Verdict::kink;
    j.blind = false;
    j.note = "between the slopes at points close by";
  }
  return j;
}

double claimed(const Setting& s, int leaf, std::int64_t index) {
  return s.gradient[static_cast<std::size_t>(leaf)][static_cast<std::size_t>(index)];
}

GradcheckEntry judge_entry(Setting& s, int leaf, std::int64_t index) {
  const Move move{leaf, index, 1};
  Claim claim;
  claim.slope = claimed(s, leaf, index);
  claim.rtol = s.options.rtol;
  claim.scale = s.problem.scale(move);
  const double x = std::abs(s.problem.at(move));
  if (!std::isfinite(x))
    return entry_of(s, {.blind = true, .note = "the input is not finite"}, claim.slope, leaf, index);
  claim.smallest_step = x > 0 ? power_of_two(x) * finest : claim.scale * 0x1p-60;
  claim.largest_step = 0.5 * power_of_two(std::max(s.problem.largest(leaf), 1.0));
  claim.still_slope = [&] { return s.gradient_of_still({&move, 1}); };
  claim.slope_noise = [&] { return s.noise_of_gradient(leaf, index); };
  return entry_of(s, judge_along(s, {&move, 1}, claim), claim.slope, leaf, index);
}

/// Signed steps of each entry's own size, in [first, last); none where the gradient is not finite.
std::vector<Move> signed_direction(Setting& s, int leaf, std::int64_t first, std::int64_t last) {
  std::vector<Move> moves;
  for (std::int64_t k = first; k < last; ++k) {
    const double sign = s.random.draw() & 1u ? 1 : -1;
    const Move m{leaf, k, 1};
    if (!std::isfinite(claimed(s, leaf, k)) || !std::isfinite(s.problem.at(m))) continue;
    moves.push_back({leaf, k, sign * power_of_two(s.problem.scale(m))});
  }
  return moves;
}

/// The claim along a direction. Entries of either sign cancel in the sum, so what it is measured by is the
/// size that a sum of such terms usually has: the root of the sum of their squares.
GradcheckEntry judge_direction(Setting& s, int leaf, const std::vector<Move>& moves) {
  CompensatedSum slope;
  double squares = 0;
  for (const Move& m : moves) {
    const double g = claimed(s, m.leaf, m.index);
    slope.add_product(g, m.unit);
    squares += g * m.unit * g * m.unit;
  }
  Claim claim;
  claim.slope = slope.value();
  claim.rtol = s.options.rtol;
  claim.magnitude = std::sqrt(squares);
  claim.smallest_step = finest;
  claim.still_slope = [&] { return s.gradient_of_still(moves); };
  claim.slope_noise = [&] {
    double noise = 0;
    for (const Move& m : moves) noise += std::abs(m.unit) * s.noise_of_gradient(m.leaf, m.index);
    return noise;
  };
  return entry_of(s, judge_along(s, moves, claim), claim.slope, leaf, -1);
}

/// Entries to judge one by one: those with the largest part in f, some with the smallest index, some at
/// random.
std::vector<std::int64_t> pick(Setting& s, int leaf) {
  const std::int64_t n = s.problem.leaf(leaf).numel();
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  if (n <= sampled) return order;
  const auto part = [&](std::int64_t k) {
    const double g = std::abs(claimed(s, leaf, k));
    return std::isfinite(g) ? g * s.problem.scale({leaf, k}) : INFINITY;
  };
  std::partial_sort(order.begin(), order.begin() + sampled / 4, order.end(),
                    [&](std::int64_t a, std::int64_t b) { return part(a) > part(b); });
  order.resize(sampled / 4);
  while (order.size() < sampled)
    order.push_back(static_cast<std::int64_t>(s.random.draw64() % static_cast<std::uint64_t>(n)));
  std::sort(order.begin(), order.end());
  order.erase(std::unique(order.begin(), order.end()), order.end());
  return order;
}

/// Halves a direction that is wrong until one entry is left.
GradcheckEntry find_wrong_entry(Setting& s, int leaf) {
  std::int64_t first = 0, last = s.problem.leaf(leaf).numel();
  while (last - first > 1) {
    const std::int64_t middle = first + (last - first) / 2;
    const bool in_first_half =
        judge_direction(s, leaf, signed_direction(s, leaf, first, middle)).verdict == Verdict::wrong;
    (in_first_half ? last : first) = middle;
  }
  return judge_entry(s, leaf, first);
}

void check_large_input(Setting& s, int leaf, Entries& entries) {
  const std::int64_t n = s.problem.leaf(leaf).numel();
  bool found = false, suspected = false;
  for (std::int64_t k : pick(s, leaf)) {
    entries.push_back(judge_entry(s, leaf, k));
    found = found || entries.back().verdict == Verdict::wrong;
  }
  for (int i = 0; i < s.options.directions; ++i) {
    entries.push_back(judge_direction(s, leaf, signed_direction(s, leaf, 0, n)));
    suspected = suspected || entries.back().verdict == Verdict::wrong;
  }
  if (suspected && !found) entries.push_back(find_wrong_entry(s, leaf));
}

}  // namespace

Entries check_value(Setting& s, std::string& note) {
  Entries entries;
  const bool small = s.problem.entry_count() <= s.options.max_entries;
  for (int leaf = 0; leaf < s.problem.leaf_count(); ++leaf) {
    const std::int64_t n = s.problem.leaf(leaf).numel();
    if (small || n <= sampled) {
      for (std::int64_t k = 0; k < n; ++k) entries.push_back(judge_entry(s, leaf, k));
    } else {
      check_large_input(s, leaf, entries);
      note += s.problem.name(leaf) + " is checked along " + std::to_string(s.options.directions) +
              " random directions and at some of its " + std::to_string(n) + " entries\n";
    }
  }
  return entries;
}

Taylor taylor(Setting& s) {
  std::vector<Move> moves;
  for (int leaf = 0; leaf < s.problem.leaf_count(); ++leaf)
    for (const Move& m : signed_direction(s, leaf, 0, s.problem.leaf(leaf).numel())) moves.push_back(m);
  CompensatedSum slope;
  double squares = 0;
  for (const Move& m : moves) {
    const double part = claimed(s, m.leaf, m.index) * m.unit;
    slope.add_product(claimed(s, m.leaf, m.index), m.unit);
    squares += part * part;
  }

  std::vector<double> slopes;
  double before = 0, share = 0;
  for (double t = 0x1p-6; t > 0x1p-40; t /= 8) {
    const Shift shift = s.shift(moves, t);
    if (!shift.has_forward) continue;
    const double remainder = t * std::abs(shift.forward - slope.value());
    const double rounding =
        std::max(16 * t * (shift.noise + shift.still_noise), 0x1p-42 * std::max(1.0, shift.value));
    const bool visible = remainder > rounding;
    if (before > 0 && visible) slopes.push_back(std::log2(before / remainder) / 3);
    before = visible ? remainder : 0;
    if (visible) share = remainder / (t * std::sqrt(squares));
  }
  if (slopes.empty()) return {};
  const auto steps = static_cast<int>(slopes.size());
  if (steps > 3) slopes.erase(slopes.begin(), slopes.end() - 3);  // kinks further away do not count
  std::sort(slopes.begin(), slopes.end());
  return {slopes[slopes.size() / 2], steps, share};
}

}  // namespace xgrad::checking
