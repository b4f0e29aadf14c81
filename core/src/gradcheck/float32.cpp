#include "gradcheck/float32.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gradcheck/text.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::checking {
namespace {

constexpr double eps32 = std::numeric_limits<float>::epsilon();
constexpr double allowed = 64;     // eps32 times the condition number
constexpr double nudge = 0x1p-20;  // relative perturbation that measures it
constexpr int nudges = 4;

/// Values, then gradients for v, of one run.
struct Run {
  Values value;
  Gradients gradient;
};

Values rounded(Values x) {
  for (double& u : x) u = static_cast<double>(static_cast<float>(u));
  return x;
}

class Comparison {
 public:
  Comparison(const Callable& call, const std::vector<std::string>& names, Generator& random)
      : call_(call), names_(names), random_(random) {}

  std::string message() {
    const Problem in32 = problem(float32, {});
    for (const Tensor& y : in32.outputs())
      if (y.dtype() != float32) return "f of float32 inputs returns " + y.describe();
    const Values v = rounded(signed_numbers(in32.value().size(), random_));
    const Run got{in32.value(), in32.gradient(v)};
    const Run expected = run(problem(float64, {}), v);
    Run spread{Values(expected.value.size()), expected.gradient};
    for (Values& g : spread.gradient) std::fill(g.begin(), g.end(), 0.0);
    for (int i = 0; i < nudges; ++i) widen(spread, expected, v);

    if (expected.value.size() != got.value.size()) return "f returns another shape in float32";
    if (const auto k = first_far(got.value, expected.value, spread.value); k >= 0)
      return "the value of f, element " + std::to_string(k) + difference(got.value, expected.value, k);
    for (std::size_t i = 0; i < got.gradient.size(); ++i)
      if (const auto k = first_far(got.gradient[i], expected.gradient[i], spread.gradient[i]); k >= 0)
        return "the gradient of " + names_[i] + " " + index_in(in32.leaf(static_cast<int>(i)).shape(), k) +
               difference(got.gradient[i], expected.gradient[i], k);
    return {};
  }

 private:
  Problem problem(DType dtype, const std::vector<Values>& factors) const {
    std::vector<Tensor> x = call_.converted(float32);
    if (dtype == float64) {
      const Callable at32{call_.f, x, call_.leaves};
      x = at32.converted(float64);
    }
    std::vector<Tensor> leaves;
    for (std::size_t place : call_.leaves) leaves.push_back(x[place]);
    const NoGrad guard;
    for (std::size_t i = 0; i < factors.size(); ++i) {
      const auto data = leaves[i].mutable_data<double>();
      for (std::size_t k = 0; k < data.size(); ++k) data[k] *= factors[i][k];
    }
    return Problem([f = call_.f, x] { return f(x); }, leaves, names_);
  }

  static Run run(const Problem& p, const Values& v) { return {p.value(), p.gradient(v)}; }

  Values nudged(std::size_t n) {
    Values factors(n);
    for (double& u : factors) u = random_.draw() & 1u ? 1 + nudge : 1 - nudge;
    return factors;
  }

  /// How far values and gradients move when all numbers move by `nudge`, for each unit of relative change.
  void widen(Run& spread, const Run& expected, const Values& v) {
    std::vector<Values> factors;
    for (const Values& g : expected.gradient) factors.push_back(nudged(g.size()));
    Values w = nudged(v.size());
    for (std::size_t k = 0; k < w.size(); ++k) w[k] *= v[k];
    const Run near = run(problem(float64, factors), w);
    const auto grow = [](Values& most, const Values& a, const Values& b) {
      for (std::size_t k = 0; k < most.size(); ++k)
        most[k] = std::max(most[k], std::abs(a[k] - b[k]) / nudge);
    };
    grow(spread.value, near.value, expected.value);
    for (std::size_t i = 0; i < spread.gradient.size(); ++i)
      grow(spread.gradient[i], near.gradient[i], expected.gradient[i]);
  }

  /// Numbers that overflow or underflow in float32 are no fault of a rule.
  static bool in_range(double x) { return std::abs(x) < 1e15 && (x == 0 || std::abs(x) > 1e-15); }

  static std::int64_t first_far(const Values& got, const Values& expected, const Values& spread) {
    double largest = 1;  // what cancels inside f may be of order 1, whatever the size of the result
    for (double x : expected)
      if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
    for (std::size_t k = 0; k < got.size(); ++k) {
      if (!in_range(expected[k]) || !std::isfinite(spread[k])) continue;
      const double bound = allowed * eps32 * (spread[k] + std::abs(expected[k])) + 32 * eps32 * largest;
      if (!(std::abs(got[k] - expected[k]) <= bound)) return static_cast<std::int64_t>(k);
    }
    return -1;
  }

  static std::string difference(const Values& got, const Values& expected, std::int64_t k) {
    return ", is " + number(got[static_cast<std::size_t>(k)]) + " in float32 and " +
           number(expected[static_cast<std::size_t>(k)]) + " in float64";
  }

  const Callable& call_;
  const std::vector<std::string>& names_;
  Generator& random_;
};

}  // namespace

std::vector<Tensor> Callable::converted(DType dtype) const {
  std::vector<Tensor> x = inputs;
  const NoGrad guard;
  for (Tensor& t : x)
    if (t.defined() && is_floating(t.dtype()) && t.dtype() != dtype) t = t.to(dtype);
  for (std::size_t place : leaves) x[place] = x[place].detach().clone().detach().requires_grad_();
  return x;
}

void check_digits(Problem& problem, Failures& failures) {
  std::vector<Move> moves;  // by a factor with digits in all places
  for (int i = 0; i < problem.leaf_count(); ++i)
    for (std::int64_t k = 0; k < problem.leaf(i).numel(); ++k)
      moves.push_back({i, k, 0.7391829 * problem.scale({i, k})});
  const Values near = problem.value_at(moves, 0x1p-9);
  bool any = false;
  for (std::size_t k = 0; k < near.size(); ++k) {
    const double y = near[k];
    if (y == problem.value()[k] || !std::isfinite(y)) continue;
    if (static_cast<double>(static_cast<float>(y)) != y) return;
    // Neither a small integer, nor what is left where larger numbers cancelled.
    any = any || (std::abs(y) > 0x1p-16 && std::fmod(std::abs(y), std::ldexp(1.0, std::ilogb(y) - 12)) != 0);
  }
  if (any)
    failures.push_back(
        {GradProperty::dtype,
         "f computes in float32 somewhere, and its outputs have 24 significant bits: differences "
         "cannot show its slope"});
}

void check_float32(const Callable& call, const std::vector<std::string>& names, Generator& random,
                   Failures& failures, std::string& note) {
  try {
    const std::string message = Comparison(call, names, random).message();
    if (!message.empty()) failures.push_back({GradProperty::float32_rules, message});
  } catch (const std::exception& e) {
    note += std::string("float32 was not checked, because f throws there: ") + e.what() + "\n";
  }
}

}  // namespace xgrad::checking
