#pragma once

#include "case.hpp"
#include "registry.hpp"

namespace golden {

/// What an op made of a case: gradients for the floating inputs in their order; an undefined one is 0.
struct Found {
  std::vector<Tensor> outputs, gradients, second;
};

/// Calls the op and differentiates it twice. Throws Unknown for attributes that the call does not read, and
/// what the op throws.
Found run(const Case& c, const Named& op, const Json& guess);

/// The op of a case. Throws Unknown.
Named op_of(const Case& c);

/// The attributes that a case may have been made with but does not state: the shape of its outputs leaves
/// few.
std::vector<Json> guesses(const Case& c, const std::string& op);

}  // namespace golden
