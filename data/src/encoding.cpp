#include "xgrad/data/encoding.hpp"

#include <charconv>
#include <optional>
#include <string_view>

#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace {

using Words = std::vector<std::string>;

// A list of lists of words as text: each list is its length and ';', each word its length, ':' and itself. So
// any word may be in it.

std::string text_of(const std::vector<Words>& lists) {
  std::string text;
  for (const Words& list : lists) {
    text += std::to_string(list.size()) + ';';
    for (const std::string& word : list) text += std::to_string(word.size()) + ':' + word;
  }
  return text;
}

std::optional<std::size_t> count(std::string_view& text, char end) {
  std::size_t n = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), n);
  const auto used = static_cast<std::size_t>(read.ptr - text.data());
  if (read.ec != std::errc() || used >= text.size() || text[used] != end) return {};
  text.remove_prefix(used + 1);
  return n;
}

std::optional<std::vector<Words>> lists_of(std::string_view text) {
  std::vector<Words> lists;
  while (!text.empty()) {
    const auto words = count(text, ';');
    if (!words) return {};
    Words& list = lists.emplace_back();
    for (std::size_t i = 0; i < *words; ++i) {
      const auto size = count(text, ':');
      if (!size || *size > text.size()) return {};
      list.emplace_back(text.substr(0, *size));
      text.remove_prefix(*size);
    }
  }
  return lists;
}

}  // namespace

void Encoding::assign(std::vector<Words> categories, const Tensor& fill, Words classes) {
  categories_ = std::move(categories);
  classes_ = std::move(classes);
  fill_ = fill;
  std::vector<Words> all = categories_;
  all.push_back(classes_);
  text_ = text_of(all);
}

void Encoding::visit(Visitor& v) {
  v("words", text_), v.lazy("fill", fill_);
  v.check([this] {
    const auto lists = lists_of(text_);
    const std::int64_t columns = lists ? static_cast<std::int64_t>(lists->size()) - 1 : -1;
    const bool none = text_.empty() && !fill_.defined();
    const bool fits =
        columns >= 0 && fill_.defined() && fill_.dtype() == float64 && fill_.shape() == Shape{columns};
    if (!none && !fits)
      throw Error(
          "Encoding: lists of words and a number for each column must be loaded; save it again: the words "
          "are a text of " +
          std::to_string(text_.size()) + " characters and the numbers are " +
          (fill_.defined() ? fill_.describe() : "undefined"));
  });
  v.loaded([this] {
    auto lists = lists_of(text_).value_or(std::vector<Words>());
    classes_ = lists.empty() ? Words() : lists.back();
    if (!lists.empty()) lists.pop_back();
    categories_ = std::move(lists);
  });
}

}  // namespace xgrad::data
