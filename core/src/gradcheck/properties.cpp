#include "gradcheck/properties.hpp"

#include <algorithm>
#include <cmath>

#include "gradcheck/comparison.hpp"
#include "gradcheck/text.hpp"

namespace xgrad::checking {

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

void check_recorded_gradient(Setting& s, Failures& failures, std::string& note) {
  Gradients recorded;
  try {
    recorded = s.problem.recorded_gradient(s.v);
  } catch (const std::exception& e) {
    note += std::string("the gradient cannot be recorded: ") + e.what() + "\n";
    return;
  }
  const std::string where = Comparison{s}.first(recorded, s.gradient, combine(recorded, s.gradient, sizes));
  if (where.empty()) return;
  failures.push_back(
      {GradProperty::recording, "the gradient is another one under create_graph: " + where + " without"});
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
