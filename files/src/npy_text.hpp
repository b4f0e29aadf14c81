#pragma once

#include <string>
#include <string_view>

namespace xgrad::files {

/// Whether the bytes are a text in UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text);

/// A text from a file as messages show it: not too long, without control characters, and in UTF-8.
std::string shown(std::string_view text);

}  // namespace xgrad::files
