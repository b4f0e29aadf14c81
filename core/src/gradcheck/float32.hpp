#pragma once

#include "gradcheck/properties.hpp"

namespace xgrad::checking {

/// f of inputs; `leaves` are the places of those that it is differentiated with respect to.
struct Callable {
  const detail::TensorsFunction& f;
  std::vector<Tensor> inputs;
  std::vector<std::size_t> leaves;

  /// All floating inputs converted to a dtype, so that the differentiated ones are fresh leaves.
  std::vector<Tensor> converted(DType dtype) const;
};

/// Finds a function of float64 that rounds to float32 on its way: its outputs have no more digits than that.
void check_digits(Problem& problem, Failures& failures);

/// Runs f in float32 and compares its values and gradients with float64 at the same numbers. They may differ
/// by some eps times the condition number, which is measured by perturbing the inputs and the cotangent. What
/// could not be compared is told in `note`.
void check_float32(const Callable& call, const std::vector<std::string>& names, Generator& random,
                   Failures& failures, std::string& note);

}  // namespace xgrad::checking
