#pragma once

#include "gradcheck/problem.hpp"

// What a gradient has to satisfy besides being the derivative: none of this needs differences.

namespace xgrad::checking {

using Failures = std::vector<GradcheckFailure>;

/// f gives the same bits twice, and unrecorded. False when it does not repeat itself: nothing else makes
/// sense then.
bool check_function(Problem& problem, Failures& failures);

/// Computes the gradient for v and checks dtype, shape, mutation and repeatability, of the first backward
/// too. False when there is none.
bool check_first_gradient(Setting& setting, Failures& failures);

/// The gradient under create_graph is the same. What cannot be recorded is told in `note`.
void check_recorded_gradient(Setting& setting, Failures& failures, std::string& note);

/// L(0) = 0, L(-v) = -L(v), L(c v) = c L(v) for c from 1e-30 to 1e30, L(v + w) = L(v) + L(w) for random w and
/// for v + w = 1, and the sum over single outputs.
void check_linearity(Setting& setting, Failures& failures);

/// Each leaf alone gets what it gets among all: asked for alone, and (where leaves can be detached) wanted
/// alone.
void check_subsets(Setting& setting, bool detachable, Failures& failures);

}  // namespace xgrad::checking
