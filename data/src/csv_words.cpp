#include "csv_words.hpp"

#include <charconv>

namespace xgrad::data {

Words::Words(const std::vector<std::string>& known) : known_(true) {
  for (const std::string& word : known) numbers_.emplace(word, static_cast<std::int64_t>(numbers_.size()));
}

std::optional<std::int64_t> Words::number(std::string_view word) {
  const auto at = numbers_.find(word);
  if (at != numbers_.end()) return at->second;
  if (known_) return {};
  const auto next = static_cast<std::int64_t>(numbers_.size());
  numbers_.emplace(word, next);
  return next;
}

std::vector<std::int64_t> Words::sort() {
  std::vector<std::int64_t> to(numbers_.size());
  std::int64_t next = 0;
  for (auto& [word, number] : numbers_) {
    to[static_cast<std::size_t>(number)] = next;
    number = next++;
  }
  known_ = true;
  return to;
}

std::vector<std::string> Words::list() const {
  std::vector<std::string> words;
  for (const auto& [word, number] : numbers_) words.push_back(word);
  return words;
}

std::optional<std::vector<std::int64_t>> Words::integers() const {
  std::vector<std::int64_t> values(numbers_.size());
  for (const auto& [word, number] : numbers_) {
    const auto value = integer_in(word);
    if (!value) return {};
    values[static_cast<std::size_t>(number)] = *value;
  }
  return values;
}

std::optional<std::int64_t> integer_in(std::string_view field) {
  std::int64_t value = 0;
  const char* const last = field.data() + field.size();
  const auto read = std::from_chars(field.data(), last, value);
  if (read.ec != std::errc() || read.ptr != last) return {};
  return value;
}

}  // namespace xgrad::data
