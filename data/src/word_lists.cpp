#include "word_lists.hpp"

#include <charconv>

namespace xgrad::data {

namespace {

std::optional<std::size_t> count(std::string_view& text, char end) {
  std::size_t n = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), n);
  const auto used = static_cast<std::size_t>(read.ptr - text.data());
  if (read.ec != std::errc() || used >= text.size() || text[used] != end) return {};
  text.remove_prefix(used + 1);
  return n;
}

}  // namespace

std::string text_of(const WordLists& lists) {
  std::string text;
  for (const WordList& list : lists) {
    text += std::to_string(list.size()) + ';';
    for (const std::string& word : list) text += std::to_string(word.size()) + ':' + word;
  }
  return text;
}

std::optional<WordLists> lists_of(std::string_view text) {
  WordLists lists;
  while (!text.empty()) {
    const auto words = count(text, ';');
    if (!words) return {};
    WordList& list = lists.emplace_back();
    for (std::size_t i = 0; i < *words; ++i) {
      const auto size = count(text, ':');
      if (!size || *size > text.size()) return {};
      list.emplace_back(text.substr(0, *size));
      text.remove_prefix(*size);
    }
  }
  return lists;
}

}  // namespace xgrad::data
