#include "text/byte_pairs.hpp"

#include "csv_rows.hpp"
#include "text/utf8.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/data/text.hpp"

namespace xgrad::data {

namespace {

/// How merges.txt writes a byte: a character that is seen.
std::string written(unsigned char byte, std::size_t place) {
  const unsigned code = place < 188 ? byte : static_cast<unsigned>(256 + place - 188);
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
}

[[noreturn]] void fail_line(const std::string& what, std::size_t line, const std::string& path) {
  throw Error("BytePairs::load: " + what + ": line " + std::to_string(line) + " of " + path);
}

}  // namespace

BytePairs::BytePairs() {
  for (const unsigned char byte : byte_order()) {
    of_byte_[byte] = size();
    bytes_.emplace_back(1, static_cast<char>(byte));
  }
}

void BytePairs::add(Pair pair) {
  pairs_.emplace(pair, size());
  bytes_.push_back(token(pair.first) + token(pair.second));
}

BytePairs BytePairs::train(std::string_view text, std::int64_t size) {
  if (size < 256)
    throw Error("BytePairs::train: the size must hold the 256 bytes: it is " + std::to_string(size));
  BytePairs learnt;
  std::vector<std::int64_t> table;
  for (const Pair& pair : learn_pairs(text, learnt.of_byte_, size - 256)) {
    learnt.add(pair);
    table.push_back(pair.first), table.push_back(pair.second);
  }
  if (!table.empty()) learnt.table_ = tensor(table, {static_cast<std::int64_t>(table.size() / 2), 2});
  return learnt;
}

BytePairs BytePairs::load(const std::string& path) {
  BytePairs loaded;
  std::map<std::string, std::int64_t, std::less<>> numbers;
  const auto order = byte_order();
  for (std::size_t i = 0; i < 256; ++i) numbers.emplace(written(order[i], i), static_cast<std::int64_t>(i));
  std::vector<std::int64_t> table;
  const std::string text = read_text(path);
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size();) {
    ++line;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view words = std::string_view(text).substr(at, end - at);
    at = end + 1;
    if (words.ends_with('\r')) words.remove_suffix(1);
    if (words.empty() || (line == 1 && words.starts_with("#version"))) continue;
    const std::size_t blank = words.find(' ');
    if (blank == std::string_view::npos || words.find(' ', blank + 1) != std::string_view::npos)
      fail_line("two tokens with a blank between them are expected, and not " + in_quotes(words), line, path);
    const auto a = numbers.find(words.substr(0, blank)), b = numbers.find(words.substr(blank + 1));
    if (a == numbers.end() || b == numbers.end())
      fail_line("a pair needs tokens that the lines above it made, and not " + in_quotes(words), line, path);
    const std::string both = a->first + b->first;
    table.push_back(a->second), table.push_back(b->second);
    loaded.add({a->second, b->second});
    numbers.emplace(both, loaded.size() - 1);
  }
  if (!table.empty()) loaded.table_ = tensor(table, {static_cast<std::int64_t>(table.size() / 2), 2});
  return loaded;
}

const std::string& BytePairs::token(std::int64_t number) const {
  if (number < 0 || number >= size())
    throw Error("BytePairs: the number of a token must lie in 0 to " + std::to_string(size() - 1) +
                ": it is " + std::to_string(number));
  return bytes_[static_cast<std::size_t>(number)];
}

void BytePairs::encode_word(std::string_view word, std::vector<std::int64_t>& numbers) const {
  std::vector<std::int64_t> tokens;
  for (const char c : word) tokens.push_back(of_byte_[static_cast<unsigned char>(c)]);
  while (tokens.size() > 1) {
    std::int64_t earliest = INT64_MAX;
    for (std::size_t k = 0; k + 1 < tokens.size(); ++k)
      if (const auto at = pairs_.find({tokens[k], tokens[k + 1]}); at != pairs_.end())
        earliest = std::min(earliest, at->second);
    if (earliest == INT64_MAX) break;
    std::size_t to = 0;
    for (std::size_t from = 0; from < tokens.size(); ++to) {
      const auto at = from + 1 < tokens.size() ? pairs_.find({tokens[from], tokens[from + 1]}) : pairs_.end();
      const bool found = at != pairs_.end() && at->second == earliest;
      tokens[to] = found ? earliest : tokens[from];
      from += found ? 2 : 1;
    }
    tokens.resize(to);
  }
  numbers.insert(numbers.end(), tokens.begin(), tokens.end());
}

Tensor BytePairs::encode(std::string_view text) const {
  std::map<std::string_view, std::vector<std::int64_t>> known;
  std::vector<std::int64_t> numbers;
  for (const std::string_view word : pieces(text)) {
    auto& tokens = known[word];
    if (tokens.empty()) encode_word(word, tokens);
    numbers.insert(numbers.end(), tokens.begin(), tokens.end());
  }
  return tensor(numbers);
}

std::string BytePairs::decode(const Tensor& numbers) const {
  std::string text;
  for (const std::int64_t i : numbers.data<std::int64_t>()) text += token(i);
  return text;
}

void BytePairs::visit(Visitor& v) {
  v.lazy("pairs", table_);
  v.check([this] {
    if (!table_.defined()) return;
    bool right = table_.dtype() == int64 && table_.dim() == 2 && table_.shape()[1] == 2;
    if (right)
      for (std::int64_t k = 0; const std::int64_t number : table_.data<std::int64_t>())
        right = right && number >= 0 && number < 256 + k++ / 2;
    if (!right)
      throw Error(
          "BytePairs: pairs of tokens that are there before them must be loaded; save them again: they are " +
          table_.describe());
  });
  v.loaded([this] {
    bytes_.resize(256);
    pairs_.clear();
    if (!table_.defined()) return;
    const auto table = table_.data<std::int64_t>();
    for (std::size_t k = 0; k + 1 < table.size(); k += 2) add({table[k], table[k + 1]});
  });
}

}  // namespace xgrad::data
