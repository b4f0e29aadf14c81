#include "line_search.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace xgrad::optim::detail {

namespace {

/// Where the cubic polynomial with the losses and slopes of two places is least, kept in [least, most]; the
/// middle where it has no such place.
double cubic_minimum(const Trial& one, const Trial& other, double least, double most) {
  const Trial &a = one.t <= other.t ? one : other, &b = one.t <= other.t ? other : one;
  const double bend = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t);
  const double square = bend * bend - a.slope * b.slope;
  if (square >= 0) {
    const double root = std::sqrt(square);
    const double t = b.t - (b.t - a.t) * ((b.slope + root - bend) / (b.slope - a.slope + 2 * root));
    if (!std::isnan(t)) return std::clamp(t, least, most);
  }
  return (least + most) / 2;
}

/// Two places between which the conditions hold somewhere; `low` has the smaller loss.
struct Bracket {
  Trial low, high;

  Bracket(const Trial& a, const Trial& b) : low(a), high(b) {
    if (high.loss < low.loss) std::swap(low, high);  // not for a nan, which is too high
  }
  double least() const { return std::min(low.t, high.t); }
  double most() const { return std::max(low.t, high.t); }
};

class Search {
 public:
  Search(const std::function<Trial(double)>& at, const Trial& start, const SearchLimits& limits)
      : at_(at), start_(start), limits_(limits) {}

  Found run(double first) {
    Trial before = start_, now = try_at(first);
    while (true) {
      if (rounds_ == limits_.tries) return found(Bracket(start_, now).low);
      if (is_too_high(now) || (rounds_ > 1 && now.loss >= before.loss)) break;
      if (is_flat(now)) return found(now);
      if (now.slope >= 0) break;
      if (now.t >= limits_.most) return found(now);
      const double t = cubic_minimum(before, now, now.t + 0.01 * (now.t - before.t), now.t * 10);
      before = std::exchange(now, try_at(std::min(t, limits_.most)));
      ++rounds_;
    }
    return zoom(Bracket(before, now));
  }

 private:
  Trial try_at(double t) {
    ++tries_;
    return at_(t);
  }
  Found found(const Trial& trial) const { return {trial, tries_}; }
  bool is_too_high(const Trial& x) const {
    return !(x.loss <= start_.loss + limits_.decrease * x.t * start_.slope);
  }
  bool is_flat(const Trial& x) const { return std::abs(x.slope) <= -limits_.flatness * start_.slope; }

  Found zoom(Bracket b) {
    while (rounds_ < limits_.tries && !((b.most() - b.least()) * limits_.longest < limits_.tolerance)) {
      const Trial now = try_at(inside(b));
      ++rounds_;
      if (is_too_high(now) || now.loss >= b.low.loss) {
        b = Bracket(b.low, now);
        continue;
      }
      if (is_flat(now)) return found(now);
      if (now.slope * (b.high.t - b.low.t) >= 0) b.high = b.low;
      b.low = now;
    }
    return found(b.low);
  }

  /// The next place, which is not twice too close to an end.
  double inside(const Bracket& b) {
    const double least = b.least(), most = b.most(), margin = 0.1 * (most - least);
    const double t = cubic_minimum(b.low, b.high, least, most);
    if (std::min(most - t, t - least) >= margin) {
      was_close_ = false;
      return t;
    }
    if (!was_close_ && t > least && t < most) {
      was_close_ = true;
      return t;
    }
    was_close_ = false;
    return most - t < t - least ? most - margin : least + margin;
  }

  const std::function<Trial(double)>& at_;
  const Trial& start_;
  const SearchLimits& limits_;
  int tries_ = 0, rounds_ = 0;
  bool was_close_ = false;
};

}  // namespace

Found strong_wolfe(const std::function<Trial(double)>& at, const Trial& start, double first,
                   const SearchLimits& limits) {
  return Search(at, start, limits).run(first);
}

}  // namespace xgrad::optim::detail
