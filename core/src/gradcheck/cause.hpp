#pragma once

#include "gradcheck/value.hpp"

namespace xgrad::checking {

/// A guess at the mistake behind wrong entries, from their pattern, and where they lie if not everywhere: ""
/// where there is none. What is `linear` in the cotangent did not square, clip or forget it.
std::string guess_cause(Setting& setting, const Entries& entries, bool linear);

}  // namespace xgrad::checking
