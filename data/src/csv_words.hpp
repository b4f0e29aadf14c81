#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xgrad::data {

/// Words and their numbers: as they appear while they are learnt, in alphabetical order afterwards.
class Words {
 public:
  /// Words that may be learnt.
  Words() = default;
  /// Words that are known, in alphabetical order.
  explicit Words(const std::vector<std::string>& known);

  /// The number of a word; a new one gets the next, or nothing where words are known.
  std::optional<std::int64_t> number(std::string_view word);
  /// Puts them in alphabetical order; element k is the new number of the one that had k.
  std::vector<std::int64_t> sort();

  std::size_t size() const { return numbers_.size(); }
  /// In alphabetical order.
  std::vector<std::string> list() const;
  /// The words read as integers, by their number; nothing where one is none.
  std::optional<std::vector<std::int64_t>> integers() const;

 private:
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  bool known_ = false;
};

/// The integer that a field holds.
std::optional<std::int64_t> integer_in(std::string_view field);

}  // namespace xgrad::data
