#include "gradcheck/slope.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "gradcheck/estimate.hpp"
#include "gradcheck/text.hpp"

namespace xgrad::checking {
namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();
constexpr double first_step = 0x1p-12;      // truncation h^2 and rounding eps / h are both far below 1e-6
constexpr double underflow = 0x1p-1040;     // numbers near it have lost digits
constexpr double inner_rounding = 0x1p-50;  // of intermediate values of order 1
constexpr double finest_wave = 0x1p-4;      // sin has waves of this order at any x
constexpr double jump = 256;                // from one step to another that cannot share its accidents
constexpr int most_rounds = 12;
constexpr int rounds_to_convict = 3;

class Judge {
 public:
  Judge(const Line& line, const Claim& claim) : line_(line), claim_(claim) {}

  Judgement verdict() {
    h_ = std::clamp(power_of_two(claim_.scale) * first_step, claim_.smallest_step, claim_.largest_step);
    for (int round = 0; round < most_rounds; ++round) {
      const Estimate e = estimate(h_, round == 0 ? 2 : 3);
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
  Estimate estimate(double h, int levels) {
    Estimate e = measure(line_, h, levels);
    if (e.sides != Sides::none && std::isfinite(claim_.slope) && !agrees(e)) credit(e);
    return e;
  }

  /// Gives the claim what it says about outputs that did not move, up to what rounding can have hidden there.
  void credit(Estimate& e) const {
    double hidden = e.still_noise * magnified(e);
    if (e.magnitude == 0)  // nothing moved: roundings inside f may have swallowed it, as in 1 + x - 1
      hidden += inner_rounding * std::max(1.0, e.natural) / std::min({e.h / 4, claim_.scale, finest_wave});
    if (hidden == 0) return;
    const double part = e.magnitude == 0 ? claim_.slope : claim_.still_slope ? claim_.still_slope() : 0;
    const double credited = std::clamp(part, -hidden, hidden);
    e.value += credited;
    e.low += credited;
    e.high += credited;
    e.noise += std::abs(credited);
  }

  double distance(const Estimate& e) const { return std::abs(claim_.slope - e.value); }
  bool agrees(const Estimate& e) const { return distance(e) <= tolerance(e) + e.error(); }

  /// Accurate enough to tell. A slope of 0 has no size of its own: then f's matters.
  bool resolved(const Estimate& e) const {
    if (e.error() <= tolerance(e)) return true;
    return claim_.slope == 0 && e.error() <= claim_.rtol * e.natural / std::max(claim_.scale, 1.0);
  }

  /// A wave in f whose height is below the noise can be as steep as the noise over its length: larger steps
  /// do not rule that out, and refute no better than steps of that length.
  static double magnified(const Estimate& e) { return std::max(1.0, e.h / 4 / finest_wave); }

  bool refutes(const Estimate& e) {
    const double error = tolerance(e) + e.truncation + e.noise * magnified(e);
    if (distance(e) <= error) return false;
    if (slope_noise_ < 0) slope_noise_ = claim_.slope_noise ? claim_.slope_noise() : 0;
    return distance(e) > error + slope_noise_;
  }

  /// One-sided slopes that differ, and do not come closer as they would on a smooth line.
  bool looks_like_kink(const Estimate& e) const {
    return e.sides == Sides::two && is_near(e) && e.gap > 0.7 * e.gap_before &&
           e.gap > e.gap_noise + 10 * claim_.rtol * e.magnitude;
  }

  bool decide(Verdict verdict, const Estimate& e, std::string note = {}) {
    answer_ = {verdict, e.value, e.error(), false, std::move(note), e.h};
    return true;
  }

  /// A kink keeps its gap from step to smaller step, a jump of f widens it; far from convergence a wave may
  /// seem to do so too, which is why a widening gap is followed for longer.
  bool look_at_kink(const Estimate& e) {
    const double ratio = kink_ ? e.gap / kink_->gap : 1;
    widens_ = ratio > 2;
    kinks_ = ratio < 0.5 ? 1 : kinks_ + 1;
    kink_ = e;
    const bool finest = e.h / jump < claim_.smallest_step;
    if (finest || kinks_ >= (widens_ ? rounds_to_convict + 2 : rounds_to_convict)) return judge_kink(e);
    return smaller(e.h / jump);
  }
  bool kink_hidden_by_noise(const Estimate& e) const { return e.gap_noise > 0.5 * kink_->gap; }

  /// Judges one estimate; says where to look next if it cannot.
  bool look(const Estimate& e) {
    if (e.sides == Sides::none) return smaller(e.h / jump);
    if (e.sides == Sides::one && ++one_sided_ < rounds_to_convict) return smaller(e.h / jump);
    if (looks_like_kink(e) && (!kink_ || e.h < kink_->h)) return look_at_kink(e);
    if (kink_ && !widens_ && kink_hidden_by_noise(e))
      return kinks_ > 1 ? judge_kink(*kink_) : larger(8 * e.h);
    kinks_ = 0, kink_.reset();  // it was near x, not at x
    if (agrees(e) && resolved(e)) return decide(Verdict::right, e);
    if (refutes(e)) {
      // The remainder of a wrong slope falls with the step and no faster: three steps far apart tell.
      if (testifies(e) && ++refuted_ == rounds_to_convict) return convict();
      return smaller(e.h / jump);
    }
    if (!e.settles() && e.truncation > e.noise) return smaller(e.h / jump);
    if (e.truncation > e.noise) return smaller(e.h * shrink(e));
    return larger(e.h * std::clamp(e.noise / (0.1 * tolerance(e)), 8.0, 0x1p40));
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
    const double outside = std::max(e.low - claim_.slope, claim_.slope - e.high);
    const std::string slopes = "the one-sided slopes " + number(e.low) + " and " + number(e.high);
    if (outside <= slack) return decide(Verdict::kink, e, "between " + slopes);
    const bool visible = outside * e.h > 4096 * inner_rounding * std::max(1.0, e.natural);
    decide(visible ? Verdict::wrong : Verdict::inconclusive, e, "outside " + slopes);
    answer_.step = tried_.front().h;
    return true;
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
      if (!best || e.error() < best->error()) best = &e;
    }
    if (!best) {
      answer_.note = "f is not finite around x";
      answer_.blind = true;
      return answer_;
    }
    for (const Estimate& e : tried_)
      if (testifies(e) &&
          std::abs(e.value - best->value) <= 2 * (e.error() + best->error()) + 4 * tolerance(e))
        ++refuting;
    if (kinks_ > 1 && !widens_) {
      judge_kink(*kink_);
    } else if (refuting > 1 && refutes(*best)) {
      convict();
    } else {
      decide(Verdict::inconclusive, *best,
             best->truncation > best->noise ? "differences do not settle" : "noise");
      look_closer(*best);
      answer_.jumps =
          std::min_element(tried_.begin(), tried_.end(), [](const Estimate& a, const Estimate& b) {
            return a.h < b.h;
          })->jumps;
    }
    return answer_;
  }

  /// What an inconclusive estimate still tells: agreement to some digits, or a slope too small to matter.
  void look_closer(const Estimate& e) {
    const double size = std::max({std::abs(claim_.slope), std::abs(e.value), claim_.magnitude});
    const double usual = std::max(e.natural / std::max(claim_.scale, 1.0), coarsest().magnitude);
    if (!agrees(e))
      answer_.note = "differences at other steps disagree";
    else if (e.error() <= 0.01 * size)
      answer_.note = "agrees to the noise, no better";
    else if (e.error() <= claim_.rtol * usual || e.error() * claim_.scale <= inner_rounding * 0x1p16)
      answer_.note = "too small to be seen in f";
    else
      answer_.blind = true;
  }
  /// Wrong, unless another step sides with the claim, or the evidence is a change of f so small that
  /// roundings inside f could have made it: 1 + x^2 is a staircase to steps of 1e-10. Such evidence counts
  /// only if it comes from near x, is far better than needed, and larger steps, which rounding cannot fool,
  /// do not contradict.
  bool convict() {
    if (!beyond_rounding()) try_larger_steps();
    const Estimate accused = most_accurate();
    const bool contradicted = std::any_of(tried_.begin(), tried_.end(), [&](const Estimate& e) {
      return e.settles() && agrees(e) && e.error() <= 0.5 * distance(accused);
    });
    const bool credible =
        beyond_rounding() || std::any_of(tried_.begin(), tried_.end(), [&](const Estimate& e) {
          return is_near(e) && testifies(e) && distance(e) > 50 * e.error();
        });
    if (contradicted || !credible)
      return decide(Verdict::inconclusive, accused, "rounding inside f hides the slope");
    return decide(Verdict::wrong, accused);
  }
  void try_larger_steps() {
    const double first = tried_.front().h, ratio = std::cbrt(claim_.largest_step / first);
    if (ratio < 2) return;
    for (double h = claim_.largest_step; h > 2 * first; h /= ratio)
      tried_.push_back(estimate(power_of_two(h), 3));
  }
  bool beyond_rounding() {
    return std::any_of(tried_.begin(), tried_.end(), [&](const Estimate& e) {
      return distance(e) * e.h > 4096 * inner_rounding * std::max(1.0, e.natural) && testifies(e);
    });
  }
  /// Refutes the claim from where f cannot look quite different than at x: near it, or on one smooth piece.
  bool testifies(const Estimate& e) {
    const bool smooth = e.gap < 0.7 * e.gap_before && e.magnitude > 0.5 * std::abs(claim_.slope);
    return e.settles() && (is_near(e) || (e.h <= 1 && smooth)) && refutes(e);
  }
  bool is_near(const Estimate& e) const { return e.h <= 4 * claim_.scale; }

  /// Of the estimates that refute the claim, if there are any.
  const Estimate& most_accurate() {
    return *std::min_element(tried_.begin(), tried_.end(), [&](const Estimate& a, const Estimate& b) {
      const auto rank = [&](const Estimate& e) { return testifies(e) ? 0 : 1; };
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
  bool widens_ = false;           // its gap did, on the way there
  int kinks_ = 0, refuted_ = 0, one_sided_ = 0;
  Judgement answer_;
};

}  // namespace

double power_of_two(double x) { return std::ldexp(1.0, std::ilogb(x)); }

Judgement judge(const Line& line, const Claim& claim) { return Judge(line, claim).verdict(); }

}  // namespace xgrad::checking
