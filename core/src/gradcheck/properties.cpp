#include "gradcheck/properties.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string_view>

#include "xgrad/core/backward.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::checking {
namespace {

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

/// The first place where two lists differ in their bits, or -1.
std::int64_t first_difference(const Values& a, const Values& b) {
  if (a.size() != b.size()) return 0;
  for (std::size_t k = 0; k < a.size(); ++k)
    if (!same_bits(a[k], b[k])) return static_cast<std::int64_t>(k);
  return -1;
}

std::string was(double before, double after) { return " was " + number(before) + " and is " + number(after); }

/// Which property an error of the engine is about: it names what a rule returned for which input.
GradProperty property_of(std::string_view message) {
  const auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (says("returned") && says("for an input of dtype")) return GradProperty::dtype;
  if (says("does not reduce to its input's shape")) return GradProperty::shape;
  if (says("cotangent in place")) return GradProperty::mutation;
  return GradProperty::no_error;
}

/// What one backward pass leaves behind.
struct Trace {
  std::vector<Tensor> gradients;
  std::vector<Tensor> outputs, cotangents,
      added;  ///< added: gradients of s in y + s, which are the cotangents
};

/// A backward pass from y + s, so that the cotangent of y is also that of s: a rule that writes into the
/// tensor it was given spoils the gradient of s, as it would spoil that of any sibling.
Trace trace(const Problem& problem, const Values& v) {
  Trace t;
  std::vector<Tensor> roots, wanted = problem.leaves(), seeds;
  const EnableGrad guard;
  t.outputs = problem.outputs();
  t.cotangents = problem.cotangents(v, t.outputs);
  for (std::size_t k = 0; k < t.outputs.size(); ++k) {
    if (!t.outputs[k].requires_grad()) continue;
    Tensor s = zeros_like(t.outputs[k]);
    s.requires_grad_();
    roots.push_back(t.outputs[k] + s);
    seeds.push_back(t.cotangents[k]);
    wanted.push_back(s);
  }
  t.gradients.resize(problem.leaves().size());
  if (roots.empty()) return t;
  std::vector<Tensor> g = grad(roots, wanted, seeds, {.allow_unused = true});
  t.added.assign(g.begin() + problem.leaf_count(), g.end());
  std::copy(g.begin(), g.begin() + problem.leaf_count(), t.gradients.begin());
  return t;
}

void check_types(const Problem& problem, const Trace& t, Failures& failures) {
  for (std::size_t k = 0; k < t.outputs.size(); ++k)
    if (t.outputs[k].dtype() != float64)
      failures.push_back({GradProperty::dtype, "output " + std::to_string(k) + " is " +
                                                   t.outputs[k].describe() +
                                                   " for inputs of float64: half of the digits are lost"});
  for (int i = 0; i < problem.leaf_count(); ++i) {
    const Tensor& x = problem.leaf(i);
    const Tensor& g = t.gradients[static_cast<std::size_t>(i)];
    if (!g.defined()) continue;
    const std::string what =
        "the gradient of " + problem.name(i) + " is " + g.describe() + ": the input is " + x.describe();
    if (g.dtype() != x.dtype()) failures.push_back({GradProperty::dtype, what});
    if (!(g.shape() == x.shape())) failures.push_back({GradProperty::shape, what});
  }
}

void check_mutation(Problem& problem, const Trace& t, const Values& v, Failures& failures) {
  Values cotangent, value;
  for (const Tensor& c : t.cotangents) {
    const Values part = values_of(c);
    cotangent.insert(cotangent.end(), part.begin(), part.end());
  }
  for (const Tensor& y : t.outputs) {
    const Values part = values_of(y);
    value.insert(value.end(), part.begin(), part.end());
  }
  std::string message;
  if (const auto k = first_difference(v, cotangent); k >= 0)
    message = "backward changed the cotangent that it was given: element " + std::to_string(k) +
              was(v[static_cast<std::size_t>(k)], cotangent[static_cast<std::size_t>(k)]) +
              "; a rule returns a new tensor and never writes into g";
  if (const auto k = first_difference(problem.value(), value); k >= 0)
    message = "backward changed the output of f: element " + std::to_string(k) +
              was(problem.value()[static_cast<std::size_t>(k)], value[static_cast<std::size_t>(k)]);
  std::size_t k = 0;
  for (const Tensor& y : t.outputs) {
    const auto at = static_cast<std::size_t>(&y - t.outputs.data());
    if (!y.requires_grad()) continue;
    const Values expected = values_of(t.cotangents[at]), got = values_of(t.added[k++]);
    if (message.empty() && first_difference(expected, got) >= 0)
      message =
          "backward changed a cotangent that another input of the same sum was given too; a rule returns a "
          "new tensor and never writes into g";
  }
  for (int i = 0; i < problem.leaf_count(); ++i) {
    const Values now = values_of(problem.leaf(i));
    for (std::int64_t e = 0; e < problem.leaf(i).numel(); ++e)
      if (const double x = problem.at({i, e}); !same_bits(x, now[static_cast<std::size_t>(e)])) {
        message = "f or its backward changed its input: " + place_of(problem, i, e) +
                  was(x, now[static_cast<std::size_t>(e)]);
        problem.restore();
        break;
      }
  }
  if (!message.empty()) failures.push_back({GradProperty::mutation, message});
}

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
        if (same_bits(a, b) || a == b) continue;
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

bool check_first_gradient(Setting& s, Failures& failures) {
  try {
    const Trace t = trace(s.problem, s.v);
    check_types(s.problem, t, failures);
    check_mutation(s.problem, t, s.v, failures);
    s.gradient = s.problem.gradient(s.v);
    const Gradients again = s.problem.gradient(s.v);
    for (int i = 0; i < s.problem.leaf_count(); ++i) {
      const auto leaf = static_cast<std::size_t>(i);
      const auto k = first_difference(s.gradient[leaf], again[leaf]);
      if (k < 0) continue;
      failures.push_back(
          {GradProperty::repeatability,
           "backward gives another gradient when it runs again: " + place_of(s.problem, i, k) +
               was(s.gradient[leaf][static_cast<std::size_t>(k)], again[leaf][static_cast<std::size_t>(k)])});
      break;
    }
    return true;
  } catch (const std::exception& e) {
    failures.push_back({property_of(e.what()), std::string("backward throws: ") + e.what()});
    s.problem.restore();
    return false;
  }
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
