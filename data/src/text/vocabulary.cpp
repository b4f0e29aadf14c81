#include "xgrad/data/vocabulary.hpp"

#include <algorithm>

#include "csv_rows.hpp"
#include "word_lists.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace {

using Counts = std::map<std::string, std::int64_t, std::less<>>;

void check_vocabulary(const VocabularyOptions& o) {
  const auto& special = o.special;
  if (o.unknown && std::find(special.begin(), special.end(), *o.unknown) == special.end())
    throw Error("Vocabulary: the unknown token must be one of the special ones: it is " +
                in_quotes(*o.unknown));
  if (o.max_size < 0 || (o.max_size > 0 && o.max_size < static_cast<std::int64_t>(special.size())))
    throw Error("Vocabulary: max_size must hold the special tokens: it is " + std::to_string(o.max_size) +
                " for " + std::to_string(special.size()));
  for (std::size_t i = 0; i < special.size(); ++i)
    if (std::find(special.begin(), special.begin() + static_cast<std::ptrdiff_t>(i), special[i]) !=
        special.begin() + static_cast<std::ptrdiff_t>(i))
      throw Error("Vocabulary: special tokens must differ: twice there is " + in_quotes(special[i]));
}

/// The most frequent ones, of equally frequent ones the first in alphabetical order, sorted again.
WordList most_frequent(const Counts& counts, std::size_t most) {
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [token, count] : counts) order.emplace_back(-count, token);
  std::sort(order.begin(), order.end());
  order.resize(std::min(order.size(), most));
  WordList tokens;
  for (auto& [count, token] : order) tokens.push_back(std::move(token));
  std::sort(tokens.begin(), tokens.end());
  return tokens;
}

}  // namespace

Vocabulary::Vocabulary(std::span<const std::string> text, VocabularyOptions options) {
  check_vocabulary(options);
  Counts counts;
  for (const std::string& token : text) ++counts[token];
  for (const std::string& token : options.special) counts.erase(token);
  std::erase_if(counts, [&](const auto& entry) { return entry.second < options.min_frequency; });
  const std::size_t room = options.max_size == 0
                               ? counts.size()
                               : static_cast<std::size_t>(options.max_size) - options.special.size();
  tokens_ = options.special;
  for (std::string& token : most_frequent(counts, room)) tokens_.push_back(std::move(token));
  text_ = text_of({tokens_});
  number_tokens();
  if (options.unknown) unknown_ = numbers_.at(*options.unknown);
}

void Vocabulary::number_tokens() {
  numbers_.clear();
  for (const std::string& token : tokens_)
    numbers_.emplace(token, static_cast<std::int64_t>(numbers_.size()));
}

std::int64_t Vocabulary::number(std::string_view token) const {
  const auto at = numbers_.find(token);
  if (at != numbers_.end()) return at->second;
  if (unknown_ < 0)
    throw Error("Vocabulary: a token that is not there needs an unknown one, an option of the vocabulary: " +
                in_quotes(token) + " of " + std::to_string(size()) + " tokens");
  return unknown_;
}

const std::string& Vocabulary::token(std::int64_t number) const {
  if (number < 0 || number >= size())
    throw Error("Vocabulary: the number of a token must lie in 0 to " + std::to_string(size() - 1) +
                ": it is " + std::to_string(number));
  return tokens_[static_cast<std::size_t>(number)];
}

Tensor Vocabulary::encode(std::span<const std::string> tokens) const {
  std::vector<std::int64_t> numbers;
  numbers.reserve(tokens.size());
  for (const std::string& token : tokens) numbers.push_back(number(token));
  return tensor(numbers);
}

std::string Vocabulary::decode(const Tensor& numbers, std::string_view between) const {
  std::string text;
  for (const std::int64_t i : numbers.data<std::int64_t>()) {
    if (!text.empty()) text += between;
    text += token(i);
  }
  return text;
}

void Vocabulary::visit(Visitor& v) {
  v("tokens", text_), v("unknown", unknown_);
  v.check([this] {
    const auto lists = lists_of(text_);
    const bool one = lists && lists->size() == 1;
    WordList sorted = one ? lists->front() : WordList();
    std::sort(sorted.begin(), sorted.end());
    const bool differ = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
    if (!one || !differ || unknown_ < -1 || unknown_ >= static_cast<std::int64_t>(sorted.size()))
      throw Error(
          "Vocabulary: a list of different tokens and the number of one must be loaded; save it again: the "
          "tokens are a text of " +
          std::to_string(text_.size()) + " characters, the number is " + std::to_string(unknown_));
  });
  v.loaded([this] {
    tokens_ = lists_of(text_).value().front();
    number_tokens();
  });
}

}  // namespace xgrad::data
