#pragma once

#include <span>

#include "gradcheck/problem.hpp"

namespace xgrad::checking {

/// Whether a claim that differences at x do not confirm is a slope that f has as close to x as one likes, or
/// lies between two of them: then x is a kink, where sorted numbers are equal or a gradient jumps, and the
/// claim belongs to f's generalised gradient there (Clarke, Optimization and Nonsmooth Analysis, 1983).
///
/// The gradients at random points around x name candidates, and differences there have to confirm them.
bool slope_of_neighbours(Setting& setting, std::span<const Move> moves, double claim,
                         const Judgement& judgement);

}  // namespace xgrad::checking
