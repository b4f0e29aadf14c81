#pragma once

#include <optional>
#include <string>

#include "case.hpp"

namespace golden {

/// A case with what the library promises in place of the reference, and why.
struct Difference {
  Case promised;
  std::string reason;
};

/// Where the library differs on purpose, or where the reference is inexact: the numbers come from the rule in
/// the op's documentation or from a formula, never from the library.
std::optional<Difference> documented(const Case& c);

}  // namespace golden
