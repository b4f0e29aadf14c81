#pragma once

#include "gradcheck/value.hpp"

namespace xgrad::checking {

/// A guess at the mistake behind wrong entries, from their pattern: "" where there is none.
std::string guess_cause(Setting& setting, const Entries& entries);

}  // namespace xgrad::checking
