#include "gradcheck/properties.hpp"

#include <algorithm>
#include <cmath>

namespace xgrad::checking {
namespace {

/// a == b up to `parts` of the numbers that they were computed from, or up to the gradient's own rounding.
struct Comparison {
  Setting& s;
  double rtol = 1e-8;

  /// "input 0 [1]: 0.5 instead of 0.25" for the first that differs, "" if none does.
  std::string first(const Gradients& got, const Gradients& expected, const Gradients& size,
                    double unit = 1) const {
    for (int i = 0; i < s.problem.leaf_count(); ++i) {
      const auto leaf = static_cast<std::size_t>(i);
      for (std::size_t k = 0; k < got[leaf].size(); ++k) {
        const double a = got[leaf][k], b = expected[leaf][k];
        if (same_bits(a, b) || a == b || !std::isfinite(b)) continue;  // inf - inf is no matter of linearity
        const double distance = std::abs(a - b);
        const auto index = static_cast<std::int64_t>(k);
        // Terms of the size of the cotangent may have cancelled in a small result.
        if (distance <= rtol * std::abs(size[leaf][k]) + unit * 0x1p-46) continue;
        if (distance <= 8 * unit * s.noise_of_gradient(i, index)) continue;
        return place_of(s.problem, i, index) + " gets " + number(a) + " instead of " + number(b);
      }
    }
    return {};
  }
};

Gradients combine(const Gradients& a, const Gradients& b, double (*f)(double, double)) {
  Gradients c = a;
  for (std::size_t i = 0; i < c.size(); ++i)
    for (std::size_t k = 0; k < c[i].size(); ++k) c[i][k] = f(a[i][k], b[i][k]);
  return c;
}

Values scaled(Values v, double c) {
  for (double& u : v) u *= c;
  return v;
}
Gradients scaled(Gradients g, double c) {
  for (Values& x : g) x = scaled(std::move(x), c);
  return g;
}

double plus(double a, double b) { return a + b; }
double sizes(double a, double b) { return std::abs(a) + std::abs(b); }

}  // namespace

bool check_function(Problem& problem, Failures& failures) {
  const Values again = problem.value_at({}, 0);
  if (const auto k = first_difference(problem.value(), again); k >= 0) {
    failures.push_back(
        {GradProperty::repeatability,
         "f gives other values when it is called again: element " + std::to_string(k) +
             was(problem.value()[static_cast<std::size_t>(k)], again[static_cast<std::size_t>(k)]) +
             "; make it deterministic: eval() for dropout, or a Generator that f seeds itself"});
    return false;
  }
  problem.stop_recording();
  const Values unrecorded = problem.value_at({}, 0);
  const bool throws =
      std::any_of(unrecorded.begin(), unrecorded.end(), [](double y) { return std::isnan(y); });
  if (const auto k = first_difference(problem.value(), unrecorded); k >= 0) {
    problem.start_recording();  // f differentiates something itself, perhaps
    if (!throws)
      failures.push_back(
          {GradProperty::recording,
           "f has another value under NoGrad: element " + std::to_string(k) +
               was(problem.value()[static_cast<std::size_t>(k)], unrecorded[static_cast<std::size_t>(k)])});
  }
  return true;
}

void check_linearity(Setting& s, Failures& failures) {
  const Gradients& g = s.gradient;
  const auto gradient = [&](const Values& v) { return s.problem.gradient(v); };

  const Gradients none = gradient(Values(s.v.size(), 0.0));
  for (int i = 0; i < s.problem.leaf_count(); ++i) {
    const Values& x = none[static_cast<std::size_t>(i)];
    const auto bad = std::find_if(x.begin(), x.end(), [](double u) { return u != 0; });
    if (bad == x.end()) continue;
    failures.push_back({GradProperty::zero_cotangent,
                        place_of(s.problem, i, bad - x.begin()) + " gets " + number(*bad) +
                            " from a cotangent of 0" +
                            (std::isnan(*bad) ? ", which is 0 times inf or nan: use mul0" : "")});
    break;
  }

  const Comparison close{s};
  const auto expect = [&](const char* law, const Gradients& got, const Gradients& expected,
                          const Gradients& size, double unit = 1) {
    const std::string where = close.first(got, expected, size, unit);
    if (!where.empty()) failures.push_back({GradProperty::linearity, std::string(law) + ": " + where});
    return where.empty();
  };
  if (!expect("L(-v) is not -L(v)", gradient(scaled(s.v, -1)), scaled(g, -1), g)) return;
  for (const double c : {0x1p20, 0x1p-20})
    if (!expect(c > 1 ? "L(1048576 v) is not 1048576 L(v)" : "L(v / 1048576) is not L(v) / 1048576",
                gradient(scaled(s.v, c)), scaled(g, c), scaled(g, c), c))
      return;
  Values w = signed_numbers(s.v.size(), s.random), sum = s.v;
  for (std::size_t k = 0; k < w.size(); ++k) {
    if (s.v[k] == 0) w[k] = 0;
    sum[k] += w[k];
  }
  const Gradients gw = gradient(w);
  if (!expect("L(v + w) is not L(v) + L(w)", gradient(sum), combine(g, gw, plus), combine(g, gw, sizes), 4))
    return;

  const Gradients by_output = s.problem.gradient_by_output(s.v);
  expect("the gradients of the outputs, one by one, do not add up to that of all", by_output, g,
         combine(g, by_output, sizes), 4);
}

void check_subsets(Setting& s, bool detachable, Failures& failures) {
  const int n = s.problem.leaf_count();
  if (n < 2) return;
  const Comparison close{s};
  for (int i = 0; i < n; ++i) {
    for (const bool detached : {false, true}) {
      if (detached && !detachable) continue;
      Gradients alone = s.gradient;
      const auto leaf = static_cast<std::size_t>(i);
      try {
        alone[leaf] = s.problem.gradient_alone(i, s.v, detached);
      } catch (const std::exception& e) {
        failures.push_back({GradProperty::subset_of_inputs,
                            "with " + s.problem.name(i) + " alone, backward throws: " + e.what()});
        return;
      }
      const std::string where = close.first(alone, s.gradient, combine(alone, s.gradient, sizes));
      if (where.empty()) continue;
      failures.push_back(
          {GradProperty::subset_of_inputs,
           (detached ? "when no other input requires a gradient, " : "when asked for alone, ") + where +
               " among all"});
      return;
    }
  }
}

}  // namespace xgrad::checking
