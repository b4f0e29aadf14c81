#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xgrad::data {

using WordList = std::vector<std::string>;
using WordLists = std::vector<WordList>;

/// Lists of words as one text, in which any word may be: each list is its length and ';', each word its
/// length, ':' and itself.
std::string text_of(const WordLists& lists);

/// The lists of such a text; nothing where it is none.
std::optional<WordLists> lists_of(std::string_view text);

}  // namespace xgrad::data
