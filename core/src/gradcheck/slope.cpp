#include "gradcheck/slope.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "gradcheck/text.hpp"

namespace xgrad::checking {
namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();
constexpr double first_step = 0x1p-12;   // truncation h^2 and rounding eps / h are both far below 1e-6
constexpr double underflow = 0x1p-1040;  // numbers near it have lost digits
constexpr double jump = 256;             // from one step to another that cannot share its accidents
constexpr int most_rounds = 12;
constexpr int rounds_to_convict = 3;

enum class Sides { none, one, two };

/// The derivative from shifts at h, h / 2 (and h / 4), extrapolated.
struct Estimate {
  Sides sides = Sides::none;
  double h = 0;
  double value = 0;
  double truncation = 0, noise = 0, still_noise = 0;
  double magnitude = 0, natural = 0;
  double low = 0, high = 0;        // one-sided slopes at the finest step
  double gap = 0, gap_before = 0;  // their distance at the finest step, and at twice that
  double growth = 1;               // of the slope from the first step to the finest
  double gap_noise = 0;

  double error() const { return truncation + noise; }
};

/// Extrapolates values whose errors are powers h, h^2, ... (one-sided) or h^2, h^4, ... (central).
Estimate extrapolate(const std::vector<double>& d, bool central) {
  const double p = central ? 4 : 2, q = central ? 16 : 4;
  const auto better = [](double coarse, double fine, double power) {
    return fine + (fine - coarse) / (power - 1);
  };
  Estimate e;
  const double r0 = better(d[0], d[1], p);
  if (d.size() == 2) {
    e.value = r0;
    e.truncation = std::abs(r0 - d[1]);
  } else {
    const double r1 = better(d[1], d[2], p);
    e.value = better(r0, r1, q);
    e.truncation = std::abs(r1 - r0);
  }
  e.growth = d.back() == 0 ? 1 : std::abs(d.back()) / std::abs(d.front());
  return e;
}

Estimate measure(const Line& line, double h, int levels) {
  std::vector<Shift> shifts;
  bool forward = true, backward = true;
  for (int i = 0; i < levels && (forward || backward); ++i) {
    shifts.push_back(line(std::ldexp(h, -i)));
    forward = forward && shifts.back().has_forward;
    backward = backward && shifts.back().has_backward;
  }
  Estimate e;
  if (forward || backward) {
    std::vector<double> slopes;
    for (const Shift& s : shifts)
      slopes.push_back(forward && backward ? 0.5 * s.forward + 0.5 * s.backward
                       : forward           ? s.forward
                                           : s.backward);
    const bool central = forward && backward;
    e = extrapolate(slopes, central);
    e.sides = central ? Sides::two : Sides::one;
    const Shift& fine = shifts.back();
    const Shift& coarse = shifts[shifts.size() - 2];
    const double amplified = central ? 4 : 12;  // the sum of the weights of the extrapolation, rounded up
    e.noise = amplified * fine.noise;
    e.still_noise = amplified * fine.still_noise;
    e.gap_noise = 16 * fine.noise;
    e.magnitude = fine.magnitude;
    e.natural = fine.value;
    e.low = central ? fine.low : slopes.back();
    e.high = central ? fine.low + fine.gap : slopes.back();
    e.gap = fine.gap;
    e.gap_before = coarse.gap;
  }
  e.h = h;
  return e;
}

class Judge {
 public:
  Judge(const Line& line, const Claim& claim) : line_(line), claim_(claim) {}

  Judgement verdict() {
    h_ = std::clamp(power_of_two(claim_.scale) * first_step, claim_.smallest_step, claim_.largest_step);
    for (int round = 0; round < most_rounds; ++round) {
      const Estimate e = measure(line_, h_, round == 0 ? 2 : 3);
      tried_.push_back(e);
      if (!std::isfinite(claim_.slope) ? look_for_infinity(e) : look(e)) return answer_;
      if (!move()) break;
    }
    return give_up();
  }

 private:
  double tolerance(const Estimate& e) const {
    return claim_.rtol * std::max({std::abs(claim_.slope), std::abs(e.value), claim_.magnitude}) +
           8 * eps * e.magnitude + underflow;
  }
  double distance(const Estimate& e) const { return std::abs(claim_.slope - e.value); }
  bool agrees(const Estimate& e) const { return distance(e) <= tolerance(e) + e.error(); }

  /// Accurate enough to tell. A slope of 0 has no size of its own: then f's matters.
  bool resolved(const Estimate& e) const {
    if (e.error() <= tolerance(e)) return true;
    return claim_.slope == 0 && e.error() <= claim_.rtol * e.natural / std::max(claim_.scale, 1.0);
  }

  bool refutes(const Estimate& e) {
    const double error = tolerance(e) + e.error() + e.still_noise;
    if (distance(e) <= error) return false;
    if (slope_noise_ < 0) slope_noise_ = claim_.slope_noise ? claim_.slope_noise() : 0;
    return distance(e) > error + slope_noise_;
  }

  /// One-sided slopes that differ, and do not come closer as they would on a smooth line.
  bool looks_like_kink(const Estimate& e) const {
    return e.sides == Sides::two && e.gap > 0.7 * e.gap_before &&
           e.gap > e.gap_noise + 10 * claim_.rtol * e.magnitude;
  }

  bool decide(Verdict verdict, const Estimate& e, std::string note = {}) {
    answer_ = {verdict, e.value, e.error(), false, std::move(note)};
    return true;
  }

  /// A kink keeps its gap at every step, a jump of f widens it; far from convergence both may seem so, which
  /// is why a widening gap is followed for longer.
  bool look_at_kink(const Estimate& e) {
    const bool widens = kink_ && e.gap > 2 * kink_->gap;
    kink_ = e;
    ++kinks_;
    const bool finest = e.h / jump < claim_.smallest_step;
    if (finest || kinks_ == (widens ? rounds_to_convict + 2 : rounds_to_convict)) return judge_kink(e);
    if (!widens && kinks_ > rounds_to_convict) return judge_kink(e);
    return smaller(e.h / jump);
  }
  bool kink_hidden_by_noise(const Estimate& e) const { return e.gap_noise > 0.5 * kink_->gap; }

  /// Its levels agree at least to a hundredth: not a step over many periods or kinks.
  static bool settles(const Estimate& e) { return e.truncation <= 0.01 * e.magnitude; }

  /// Judges one estimate; says where to look next if it cannot.
  bool look(const Estimate& e) {
    if (e.sides == Sides::none) return smaller(e.h / jump);
    if (e.sides == Sides::one && ++one_sided_ < rounds_to_convict) return smaller(e.h / jump);
    if (looks_like_kink(e)) return look_at_kink(e);
    if (kink_ && kink_hidden_by_noise(e)) return kinks_ > 1 ? judge_kink(*kink_) : larger(8 * e.h);
    kinks_ = 0, kink_.reset();  // it was near x, not at x
    if (agrees(e) && resolved(e)) return decide(Verdict::right, e);
    if (refutes(e)) {
      // The remainder of a wrong slope falls with the step and no faster: three steps far apart tell.
      if (settles(e) && ++refuted_ == rounds_to_convict) return decide(Verdict::wrong, most_accurate());
      return smaller(e.h / jump);
    }
    const double hidden = agrees(e) ? 0 : e.still_noise;
    if (e.truncation > e.noise + hidden) return smaller(e.h * shrink(e));
    return larger(e.h * std::clamp((e.noise + hidden) / (0.1 * tolerance(e)), 8.0, 0x1p40));
  }

  bool look_for_infinity(const Estimate& e) {
    if (e.sides != Sides::none && e.error() <= 1e-3 * std::abs(e.value) + 8 * eps * e.magnitude &&
        !looks_like_kink(e))
      return decide(Verdict::wrong, e, "not finite, though the slope is");
    if (tried_.size() == rounds_to_convict) return judge_infinity(e);
    return smaller(e.h / jump);
  }

  bool judge_infinity(const Estimate& e) {
    const bool grows = e.sides != Sides::none && std::abs(e.growth) > 1.05;
    if (grows && claim_.slope * (e.low + e.high) > 0) return decide(Verdict::kink, e, "infinite slope");
    return decide(Verdict::inconclusive, e, "the gradient is not finite here, and differences do not settle");
  }

  bool judge_kink(const Estimate& e) {
    const double slack = claim_.rtol * e.magnitude + e.gap_noise + 0.01 * e.gap;
    const bool between = claim_.slope >= e.low - slack && claim_.slope <= e.high + slack;
    return decide(between ? Verdict::kink : Verdict::wrong, e,
                  (between ? "between the one-sided slopes " : "outside the one-sided slopes ") +
                      number(e.low) + " and " + number(e.high));
  }

  double shrink(const Estimate& e) const {
    const double size = std::max(std::abs(e.value), std::abs(claim_.slope));
    if (e.truncation > 0.01 * size) return 1 / jump;  // no sign of convergence yet
    const double power = tried_.size() == 1 ? 0.5 : 0.25;
    return std::clamp(std::pow(0.05 * tolerance(e) / e.truncation, power), 1 / jump, 0.25);
  }

  bool smaller(double h) {
    upper_ = std::min(upper_, h_);
    next_ = h;
    return false;
  }
  bool larger(double h) {
    lower_ = std::max(lower_, h_);
    next_ = h;
    return false;
  }

  /// To the next step, between those known to be too small and too large; false when there is none.
  bool move() {
    double h = std::clamp(next_, claim_.smallest_step, claim_.largest_step);
    if (h <= lower_) h = std::sqrt(lower_) * std::sqrt(upper_);
    if (h >= upper_) h = std::sqrt(lower_) * std::sqrt(upper_);
    h = power_of_two(h);
    if (!(h > lower_ && h < upper_ && h >= claim_.smallest_step)) return false;
    h_ = h;
    return true;
  }

  Judgement give_up() {
    const Estimate* best = nullptr;
    int refuting = 0;
    for (const Estimate& e : tried_) {
      if (e.sides == Sides::none) continue;
      if (!best || e.error() + e.still_noise < best->error() + best->still_noise) best = &e;
    }
    if (!best) {
      answer_.note = "f is not finite around x";
      answer_.blind = true;
      return answer_;
    }
    for (const Estimate& e : tried_)
      if (e.sides != Sides::none && settles(e) && refutes(e) &&
          std::abs(e.value - best->value) <= 2 * (e.error() + best->error()) + 4 * tolerance(e))
        ++refuting;
    if (kinks_ > 1) {
      judge_kink(*kink_);
    } else if (refuting > 1 && refutes(*best)) {
      decide(Verdict::wrong, *best);
    } else {
      decide(Verdict::inconclusive, *best,
             best->truncation > best->noise ? "differences do not settle" : "noise");
      look_closer(*best);
    }
    return answer_;
  }

  /// What an inconclusive estimate still tells: agreement to some digits, or a slope too small to matter.
  void look_closer(const Estimate& e) {
    const double size = std::max({std::abs(claim_.slope), std::abs(e.value), claim_.magnitude});
    const double usual = std::max(e.natural / std::max(claim_.scale, 1.0), coarsest().magnitude);
    const double error = e.error() + e.still_noise;
    if (error <= 0.01 * size)
      answer_.note = "agrees to the noise, no better";
    else if (error <= claim_.rtol * usual)
      answer_.note = "too small to be seen in f";
    else
      answer_.blind = true;
  }
  const Estimate& most_accurate() {
    return *std::min_element(tried_.begin(), tried_.end(), [&](const Estimate& a, const Estimate& b) {
      const auto rank = [&](const Estimate& e) {
        return e.sides != Sides::none && settles(e) && refutes(e) ? 0 : 1;
      };
      return std::pair(rank(a), a.error()) < std::pair(rank(b), b.error());
    });
  }
  const Estimate& coarsest() const {
    return *std::max_element(tried_.begin(), tried_.end(),
                             [](const Estimate& a, const Estimate& b) { return a.h < b.h; });
  }

  const Line& line_;
  const Claim& claim_;
  std::vector<Estimate> tried_;
  double h_ = 0, next_ = 0;
  double lower_ = 0, upper_ = std::numeric_limits<double>::infinity();
  double slope_noise_ = -1;
  std::optional<Estimate> kink_;  // the last that looked like one
  int kinks_ = 0, refuted_ = 0, one_sided_ = 0;
  Judgement answer_;
};

}  // namespace

double power_of_two(double x) { return std::ldexp(1.0, std::ilogb(x)); }

Judgement judge(const Line& line, const Claim& claim) { return Judge(line, claim).verdict(); }

}  // namespace xgrad::checking
