#include <algorithm>
#include <cmath>
#include <string_view>

#include "gradcheck/properties.hpp"
#include "gradcheck/text.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/hooks.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::checking {
namespace {

/// Which property an error of the engine is about: it names what a rule returned for which input.
GradProperty property_of(std::string_view message) {
  const auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (says("returned") && says("for an input of dtype")) return GradProperty::dtype;
  if (says("sums to the input's shape")) return GradProperty::shape;
  if (says("cotangent in place") || says("wrote into the gradient")) return GradProperty::mutation;
  return GradProperty::no_error;
}

/// The cotangent of a recorded tensor, as it came and as it is after its rules have run.
struct Seen {
  const char* op;
  Tensor cotangent;
  Values before;
};

/// What one backward pass leaves behind.
struct Trace {
  std::vector<Tensor> outputs, gradients;
  std::vector<Seen> seen;
};

/// A backward pass in which the cotangent of every recorded tensor is held and remembered.
void trace(const Problem& problem, const Values& v, Trace& t) {
  t.outputs = problem.outputs();
  for (detail::Node* n : recorded_nodes(t.outputs, 5000)) {
    if (n->op->joint.run && !n->output_of_joint && n->numel == 0) continue;  // stands for several outputs
    register_hook(Tensor::share(n), [&seen = t.seen, op = n->op->name](const Tensor& g) {
      seen.push_back({op, g, values_of(g)});
      return Tensor();
    });
  }
  t.gradients = Problem::gradient_of(t.outputs, problem.cotangents(v, t.outputs), problem.leaves());
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

/// The sizes of the cotangents, from which those of other multiples of v follow.
void measure_cotangents(const Trace& t, Setting& s) {
  s.smallest = s.largest = 1;
  const auto measure = [&s](const Values& g) {
    for (double u : g) {
      if (u == 0 || !std::isfinite(u)) continue;
      s.smallest = std::min(s.smallest, std::abs(u));
      s.largest = std::max(s.largest, std::abs(u));
    }
  };
  for (const Seen& seen : t.seen) measure(seen.before);
  for (const Tensor& g : t.gradients) measure(values_of(g));
}

void check_mutation(Problem& problem, const Trace& t, Failures& failures) {
  std::string message;
  for (const Seen& seen : t.seen) {
    const Values after = values_of(seen.cotangent);
    if (const auto k = first_difference(seen.before, after); k >= 0)
      message = "the backward of " + std::string(seen.op) +
                " changed the cotangent that it was given: element " + std::to_string(k) +
                was(seen.before[static_cast<std::size_t>(k)], after[static_cast<std::size_t>(k)]) +
                "; a rule returns a new tensor and never writes into g";
  }
  Values value;
  for (const Tensor& y : t.outputs) {
    const Values part = values_of(y);
    value.insert(value.end(), part.begin(), part.end());
  }
  if (const auto k = first_difference(problem.value(), value); k >= 0)
    message = "backward changed the output of f: element " + std::to_string(k) +
              was(problem.value()[static_cast<std::size_t>(k)], value[static_cast<std::size_t>(k)]);
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

}  // namespace

bool check_first_gradient(Setting& s, Failures& failures) {
  try {
    Trace t;
    trace(s.problem, s.v, t);
    check_types(s.problem, t, failures);
    check_mutation(s.problem, t, failures);
    measure_cotangents(t, s);
    const auto [gradient, again] = s.problem.gradient_twice(s.v);
    s.gradient = gradient;
    const auto same = [&](const Gradients& before, const Gradients& after, const char* when) {
      for (int i = 0; i < s.problem.leaf_count(); ++i) {
        const auto leaf = static_cast<std::size_t>(i);
        const auto k = first_difference(before[leaf], after[leaf]);
        if (k < 0) continue;
        failures.push_back({GradProperty::repeatability, std::string(when) + place_of(s.problem, i, k) +
                                                             was(before[leaf][static_cast<std::size_t>(k)],
                                                                 after[leaf][static_cast<std::size_t>(k)])});
        return false;
      }
      return true;
    };
    const char* const later = "backward gives another gradient when it runs again through the same graph: ";
    if (same(s.gradient, again, later))
      same(values_of(t.gradients), s.gradient,
           "the first backward of f gives another gradient than later ones; does a rule keep a state? ");
    return true;
  } catch (const std::exception& e) {
    failures.push_back({property_of(e.what()), std::string("backward throws: ") + e.what()});
    s.problem.restore();
    return false;
  }
}

}  // namespace xgrad::checking
