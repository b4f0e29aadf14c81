#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "xgrad/core/state/visitor.hpp"

namespace xgrad::files {

/// Before the names of values in a file's metadata.
inline constexpr std::string_view state_prefix = "xgrad.state:";
/// Before all names in metadata that are ours.
inline constexpr std::string_view own_prefix = "xgrad.";

/// A value that is no tensor, or an undefined one, as a text that gives it back to the last bit: its type, a
/// blank, and the value. "int -5", "float 0.1", "float nan 7ff8000000000000", "bool true", "text adam",
/// "undefined".
std::string text_of_value(const StateValue& value);

/// The value of such a text; nothing where it is none.
std::optional<StateValue> value_of_text(std::string_view text);

}  // namespace xgrad::files
