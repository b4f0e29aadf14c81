#include "gradcheck/nearby.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace xgrad::checking {
namespace {

constexpr double widest = 0x1p-20, narrowest = 0x1p-40;  // radii, relative to each entry
constexpr double inside = 0x1p-6;        // of the steps that judged the claim: there f was looked at in vain
constexpr double fine = 0x1p-9;          // the steps of differences, relative to the radius
constexpr double most_numbers = 0x1p20;  // that the neighbours' gradients may hold
constexpr int candidates = 3;            // on each side of the claim

/// Every finite entry moved by half the radius to all of it, so that no two stay equal.
std::vector<Move> away(const Setting& s, double radius, std::uint64_t seed) {
  Generator random(seed);
  std::vector<Move> moves;
  for (int i = 0; i < s.problem.leaf_count(); ++i)
    for (std::int64_t k = 0; k < s.problem.leaf(i).numel(); ++k) {
      const double size = 0.5 + static_cast<double>(random.draw() % 0x8000) * 0x1p-16;
      const double sign = random.draw() & 1u ? 1 : -1;
      const Move m{i, k, 1};
      if (!std::isfinite(s.problem.at(m))) continue;
      moves.push_back({i, k, sign * size * radius * power_of_two(s.problem.scale(m))});
    }
  return moves;
}

/// The gradients at points within the radius; none where f cannot be differentiated.
const std::vector<Neighbour>& neighbours(Setting& s, double radius) {
  std::vector<Neighbour>& all = s.neighbours[radius];
  if (!all.empty()) return all;
  const double entries = static_cast<double>(std::max<std::int64_t>(s.problem.entry_count(), 1));
  const int count = static_cast<int>(std::clamp(most_numbers / entries, 4.0, 64.0));
  for (int i = 0; i < count; ++i) {
    const std::uint64_t seed = s.random.draw64();
    try {
      all.push_back({seed, s.problem.gradient_at(away(s, radius, seed), 1, s.v)});
    } catch (const std::exception&) {  // the edge of a domain
    }
  }
  return all;
}

struct Slope {
  double value = 0, noise = 0;
};

/// The slope along some moves at a neighbour, from one central difference.
std::optional<Slope> slope_at(Setting& s, std::span<const Move> moves, double radius, std::uint64_t seed) {
  const std::vector<Move> point = away(s, radius, seed);
  const double h = fine * radius * power_of_two(s.problem.scale(moves[0])) / std::abs(moves[0].unit);
  const auto value = [&](double step) {
    std::vector<Move> all = point;
    auto m = moves.begin();  // in the order of the entries, as those of the point are
    for (Move& p : all)
      if (m != moves.end() && p.leaf == m->leaf && p.index == m->index) p.unit += step * m++->unit;
    return s.problem.value_at(all, 1);
  };
  const Values ahead = value(h), behind = value(-h);
  Slope slope;
  for (std::size_t k = 0; k < s.v.size(); ++k) {
    if (s.v[k] == 0) continue;
    slope.value += s.v[k] * (ahead[k] - behind[k]);
    slope.noise += std::abs(s.v[k]) * s.noise[k];
  }
  slope.value /= 2 * h;
  slope.noise /= h;
  if (!std::isfinite(slope.value)) return {};
  return slope;
}

}  // namespace

bool slope_of_neighbours(Setting& s, std::span<const Move> moves, double claim, const Judgement& j) {
  const double distance = std::abs(claim - j.numeric);
  if (moves.empty() || !(distance > 0) || !std::isfinite(distance)) return false;
  const double unit = power_of_two(s.problem.scale(moves[0])) / std::abs(moves[0].unit);
  const double radius = std::clamp(power_of_two(inside * j.step / unit), narrowest, widest);

  struct Candidate {
    double slope;
    std::uint64_t seed;
  };
  std::vector<Candidate> all;
  for (const Neighbour& n : neighbours(s, radius)) {
    double slope = 0;
    for (const Move& m : moves)
      slope += m.unit * n.gradient[static_cast<std::size_t>(m.leaf)][static_cast<std::size_t>(m.index)];
    if (std::isfinite(slope)) all.push_back({slope, n.seed});
  }
  std::sort(all.begin(), all.end(), [&](const Candidate& a, const Candidate& b) {
    return std::abs(a.slope - claim) < std::abs(b.slope - claim);
  });

  const auto confirmed = [&](double side) {
    int tried = 0;
    for (const Candidate& c : all) {
      const double near = std::min(1e-3 * std::max(std::abs(claim), std::abs(c.slope)), 0.1 * distance);
      if (side * (c.slope - claim) < -near) continue;
      const std::optional<Slope> slope = slope_at(s, moves, radius, c.seed);
      if (slope && slope->noise <= 0.02 * distance &&
          std::abs(slope->value - c.slope) <= near + 4 * slope->noise)
        return true;
      if (++tried == candidates) return false;
    }
    return false;
  };
  return confirmed(1) && confirmed(-1);
}

}  // namespace xgrad::checking
