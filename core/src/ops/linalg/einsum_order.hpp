#pragma once

#include <array>
#include <string>
#include <vector>

#include "ops/linalg/einsum_equation.hpp"

namespace xgrad::detail {

/// Two operands, or products of some: the product of both takes the place of the first.
using Contraction = std::array<std::size_t, 2>;

/// The order in which the operands with these letters are multiplied, the cheapest by multiplications and by
/// elements that are read and written: up to ten operands the best of all orders, by dynamic programming over
/// their subsets (Bellman, 1962), beyond that the cheapest pair each time.
std::vector<Contraction> contraction_order(const std::vector<std::string>& letters, const EinsumEquation& e);

}  // namespace xgrad::detail
