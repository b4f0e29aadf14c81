#include "gradcheck/cause.hpp"

#include <algorithm>
#include <cmath>

#include "gradcheck/position.hpp"
#include "gradcheck/text.hpp"

namespace xgrad::checking {
namespace {

bool near(double a, double b) { return std::abs(a - b) <= 1e-4 * std::max(std::abs(a), std::abs(b)); }

/// The judged entries of one input: those that are wrong, and all that were decided.
class Pattern {
 public:
  Pattern(Setting& setting, const Entries& entries, int leaf, bool linear)
      : s_(setting), leaf_(leaf), linear_(linear) {
    for (const GradcheckEntry& e : entries) {
      if (e.input != leaf || e.index < 0) continue;
      if (e.verdict == Verdict::wrong) wrong_.push_back(e);
      if (e.verdict != Verdict::right && e.verdict != Verdict::wrong) continue;
      decided_.push_back(e);
      if (e.verdict == Verdict::wrong || std::abs(e.numeric) > e.error) telling_.push_back(e);
    }
  }

  std::string guess() const {
    if (wrong_.empty()) return {};
    using Guess = std::string (Pattern::*)() const;
    for (const Guess g : {&Pattern::cotangent, &Pattern::transposed})  // these say which entries, too
      if (const std::string cause = (this->*g)(); !cause.empty()) return cause;
    const std::string where = place();
    if (lost() && !where.empty()) return "lost " + where;
    for (const Guess g : {&Pattern::not_finite, &Pattern::dropped, &Pattern::factor, &Pattern::one_term})
      if (const std::string cause = (this->*g)(); !cause.empty())
        return cause + (where.empty() ? "" : ", " + where);
    return where.empty() ? where : "wrong " + where;
  }

 private:
  template <class P>
  bool all_wrong(P p) const {
    return std::all_of(wrong_.begin(), wrong_.end(), p);
  }
  static std::ptrdiff_t count(const std::vector<GradcheckEntry>& entries) {
    return static_cast<std::ptrdiff_t>(entries.size());
  }
  const Shape& shape() const { return s_.problem.leaf(leaf_).shape(); }
  bool elementwise() const {
    return static_cast<std::int64_t>(s_.v.size()) == s_.problem.leaf(leaf_).numel();
  }
  double cotangent_of(const GradcheckEntry& e) const { return s_.v[static_cast<std::size_t>(e.index)]; }

  std::string not_finite() const {
    if (!all_wrong([](const auto& e) { return !std::isfinite(e.analytic); })) return {};
    return "not finite: a local derivative of inf or nan met a cotangent of 0, or a value overflows";
  }

  bool lost() const {
    return all_wrong([](const auto& e) { return e.analytic == 0; });
  }

  std::string dropped() const {
    if (!lost()) return {};
    return "dropped path: the gradient is 0 where the slope is not; a rule is missing, or a value was "
           "detached";
  }

  /// A rule that is not linear in the cotangent.
  std::string cotangent() const {
    if (linear_ || !elementwise()) return {};
    const auto negative = [&](const auto& e) { return cotangent_of(e) < 0; };
    if (lost() && all_wrong(negative) &&
        std::count_if(telling_.begin(), telling_.end(), negative) == count(wrong_))
      return "lost where the cotangent is negative: a relu or clamp was applied to it";
    if (wrong_.size() < 2) return {};
    const auto ratio_is = [&](double (*expected)(double)) {
      return all_wrong(
          [&](const auto& e) { return near(e.analytic, e.numeric * expected(cotangent_of(e))); });
    };
    if (ratio_is([](double v) { return v; })) return "the cotangent was squared";
    if (ratio_is([](double v) { return 1 / v; })) return "the cotangent was left out, or only tested for 0";
    if (ratio_is([](double v) { return v < 0 ? -1.0 : 1.0; }) && decided_.size() > wrong_.size())
      return "the absolute value of the cotangent was taken";
    return {};
  }

  std::string factor() const {
    const double r = wrong_[0].analytic / wrong_[0].numeric;
    if (!std::isfinite(r) || !all_wrong([&](const auto& e) { return near(e.analytic, r * e.numeric); }))
      return {};
    const std::string sign = r < 0 ? "sign" : "";
    const double size = std::abs(r);
    if (near(size, 1) && std::abs(size - 1) < 1e-7) return sign;
    const std::string lead = sign.empty() ? "" : "sign, and ";
    if (near(size, 2) || near(size, 0.5))
      return lead + "a factor of 2: " + number(size, 3) + " times the slope";
    for (std::int64_t n : counts()) {
      if (n < 3) continue;
      const std::string count = std::to_string(n);
      if (near(size, static_cast<double>(n)))
        return lead + "missing mean: " + count + " times the slope, and " + count + " is a size here";
      if (near(size, 1 / static_cast<double>(n)))
        return lead + (broadcasts() ? "missing broadcast sum" : "a mean in place of a sum") + ": 1/" + count +
               " of the slope, and " + count + " is a size here";
    }
    if (wrong_.size() < 2 && std::abs(size - 1) > 0.01) return {};
    return lead + "a constant factor: " + number(size, 8) + " times the slope";
  }

  std::string transposed() const {
    if (shape().rank() < 2 || static_cast<std::int64_t>(decided_.size()) < s_.problem.leaf(leaf_).numel())
      return {};
    const std::int64_t cols = shape().back(), rows = shape()[shape().rank() - 2], matrix = rows * cols;
    const auto is_transposed = [&](const GradcheckEntry& e) {
      const std::int64_t start = e.index - e.index % matrix, at = e.index % matrix;
      const std::int64_t other = start + at % rows * cols + at / rows;  // rows by cols, read as its transpose
      return near(e.analytic, decided_[static_cast<std::size_t>(other)].numeric);
    };
    if (!std::all_of(decided_.begin(), decided_.end(), is_transposed)) return {};
    return "transpose: the numbers are right and lie in the order of the transposed matrix";
  }

  /// The terms v_k d(output_k) / dx of the worst entry: is the gradient a single one of them?
  std::string one_term() const {
    const GradcheckEntry& e = wrong_[0];
    const Move move{leaf_, e.index, 1};
    const double h = power_of_two(s_.problem.scale(move)) * 0x1p-14;
    const Values ahead = s_.problem.value_at({&move, 1}, h), behind = s_.problem.value_at({&move, 1}, -h);
    int terms = 0;
    bool found = false;
    for (std::size_t k = 0; k < s_.v.size(); ++k) {
      const double term = s_.v[k] * (ahead[k] - behind[k]) / (2 * h);
      if (s_.v[k] == 0 || term == 0) continue;
      ++terms;
      found = found || near(term, e.analytic);
    }
    if (!found || terms < 2) return {};
    return "missing broadcast sum: the gradient is one of the " + std::to_string(terms) +
           " terms that should be added up";
  }

  /// Which entries are wrong, if not all.
  std::string place() const {
    const auto sign_is = [&](double sign) {
      const auto here = [&](const auto& e) { return sign * s_.problem.at({leaf_, e.index}) > 0; };
      return all_wrong(here) && std::count_if(telling_.begin(), telling_.end(), here) == count(wrong_);
    };
    if (wrong_.size() > 1 && wrong_.size() < telling_.size()) {
      if (sign_is(-1)) return "where the input is negative, and only there";
      if (sign_is(1)) return "where the input is positive, and only there";
    }
    std::vector<Compared> entries;
    for (const GradcheckEntry& e : telling_) entries.push_back({e.index, e.verdict == Verdict::wrong});
    return position_of(shape(), std::move(entries));
  }

  bool broadcasts() const {
    for (const Tensor& y : s_.problem.outputs())
      if (y.numel() > s_.problem.leaf(leaf_).numel()) return true;
    return false;
  }

  /// Numbers of elements, by which a mean might have divided.
  std::vector<std::int64_t> counts() const {
    std::vector<std::int64_t> n = {s_.problem.leaf(leaf_).numel()};
    n.insert(n.end(), shape().begin(), shape().end());
    for (const Tensor& y : s_.problem.outputs()) {
      n.push_back(y.numel());
      n.insert(n.end(), y.shape().begin(), y.shape().end());
    }
    for (const Tensor& x : s_.problem.leaves()) n.push_back(x.numel());
    return n;
  }

  Setting& s_;
  int leaf_;
  bool linear_;
  std::vector<GradcheckEntry> wrong_, decided_,
      telling_;  // these: wrong, or right about a slope that is not 0
};

}  // namespace

std::string guess_cause(Setting& setting, const Entries& entries, bool linear) {
  std::string causes;
  for (int leaf = 0; leaf < setting.problem.leaf_count(); ++leaf) {
    const std::string cause = Pattern(setting, entries, leaf, linear).guess();
    if (cause.empty()) continue;
    causes += (causes.empty() ? "" : "; ") + setting.problem.name(leaf) + ": " + cause;
  }
  return causes;
}

}  // namespace xgrad::checking
