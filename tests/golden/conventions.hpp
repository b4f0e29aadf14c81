#pragma once

#include "registry.hpp"

namespace golden {

/// The function behind a title of the conventions, such as "pow(x,2)" or "max(dim) ties": those whose
/// arguments only their author knew by name, all others by the op that the title begins with.
Named find_convention(const std::string& title);

}  // namespace golden
