#include <algorithm>
#include <cmath>

#include "gradcheck/comparison.hpp"
#include "gradcheck/properties.hpp"
#include "gradcheck/text.hpp"

namespace xgrad::checking {
namespace {

constexpr int most_doublings = 100;  // of a cotangent, up or down: beyond 1e30 and 1e-30
constexpr int few_doublings = 20;    // these at least
constexpr double most = 0x1p900;     // cotangents on the way stay below
constexpr double least = 0x1p-900;   // and above, if they can

Values scaled(Values v, double c) {
  for (double& u : v) u *= c;
  return v;
}
Gradients scaled(Gradients g, double c) {
  for (Values& x : g) x = scaled(std::move(x), c);
  return g;
}

/// Compares the gradients of related cotangents. Each law is "" where it holds.
class Laws {
 public:
  explicit Laws(Setting& s) : s_(s), close_{s} {}

  /// L(0) = 0.
  std::string zero() const {
    const Gradients none = gradient(Values(s_.v.size(), 0.0));
    for (int i = 0; i < s_.problem.leaf_count(); ++i) {
      const Values& x = none[static_cast<std::size_t>(i)];
      const auto bad = std::find_if(x.begin(), x.end(), [](double u) { return u != 0; });
      if (bad == x.end()) continue;
      return place_of(s_.problem, i, bad - x.begin()) + " gets " + number(*bad) + " from a cotangent of 0" +
             (std::isnan(*bad) ? ", which is 0 times inf or nan: use mul0" : "");
    }
    return {};
  }

  /// The first of the laws of a linear map that does not hold.
  std::string linear() {
    if (std::string where = multiple(-1); !where.empty()) return "L(-v) is not -L(v): " + where;
    for (const bool up : {true, false})
      if (std::string where = far(up); !where.empty()) return where;

    Values w = signed_numbers(s_.v.size(), s_.random), both = s_.v, rest = s_.v, ones = s_.v;
    for (std::size_t k = 0; k < w.size(); ++k) {
      const double v = s_.v[k];
      if (v == 0) w[k] = 0;
      both[k] += w[k];
      ones[k] = v == 0 ? 0 : 1;  // as a sum and its backward give
      rest[k] = ones[k] - v;
    }
    if (std::string where = sum(both, w); !where.empty()) return "L(v + w) is not L(v) + L(w): " + where;
    if (std::string where = sum(ones, rest); !where.empty())
      return "a cotangent of ones gets another gradient than its parts: L(1) is not L(v) + L(1 - v): " +
             where;

    const Gradients by_output = s_.problem.gradient_by_output(s_.v);
    const std::string where = close_.first(by_output, s_.gradient, combine(s_.gradient, by_output, sizes), 4);
    if (!where.empty())
      return "the gradients of the outputs, one by one, do not add up to that of all: " + where;
    return {};
  }

 private:
  Gradients gradient(const Values& v) const { return s_.problem.gradient(v); }
  /// L(c v) = c L(v).
  std::string multiple(double c) const {
    const Gradients expected = scaled(s_.gradient, c);
    return close_.first(gradient(scaled(s_.v, c)), expected, expected, std::abs(c));
  }

  /// L(both) = L(v) + L(w), where both = v + w.
  std::string sum(const Values& both, const Values& w) const {
    const Gradients gw = gradient(w);
    return close_.first(gradient(both), combine(s_.gradient, gw, plus), combine(s_.gradient, gw, sizes), 4);
  }

  /// L(c v) = c L(v) for large c or small ones; where it does not hold, from which c on.
  std::string far(bool up) const {
    const int room = up ? std::ilogb(most / s_.largest) : -std::ilogb(least / s_.smallest);
    int bad = std::clamp(room, up ? 1 : few_doublings, most_doublings), good = 0;
    const auto power = [up](int n) { return std::ldexp(1.0, up ? n : -n); };
    std::string where = multiple(power(bad));
    if (where.empty()) return {};
    while (bad - good > 1) {
      const int middle = (good + bad) / 2;
      const std::string there = multiple(power(middle));
      (there.empty() ? good : bad) = middle;
      if (!there.empty()) where = there;
    }
    const std::string c = number(power(bad)), law = "L(" + c + " v) is not " + c + " L(v): " + where;
    if (good < 2) return law;
    return std::string(up ? "large" : "small") + " cotangents are clipped or dropped: " + law + "; up to " +
           number(power(good)) + " it is";
  }

  Setting& s_;
  Comparison close_;
};

}  // namespace

void check_linearity(Setting& s, Failures& failures) {
  Laws laws(s);
  if (std::string message = laws.zero(); !message.empty())
    failures.push_back({GradProperty::zero_cotangent, std::move(message)});
  if (std::string message = laws.linear(); !message.empty())
    failures.push_back({GradProperty::linearity, std::move(message)});
}

}  // namespace xgrad::checking
