#pragma once

#include <string>
#include <vector>

namespace xgrad::detail {

/// Columns of text, as wide as what they hold: the first ones, which are words, start at their left, those of
/// numbers end at their right. A column in which nothing stands is left out.
class TextTable {
 public:
  TextTable(std::size_t words, std::vector<std::string> head) : words_(words), rows_{std::move(head)} {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// The lines, each after the indent and with an end.
  std::string str(const std::string& indent = "") const;

 private:
  std::size_t words_;
  std::vector<std::vector<std::string>> rows_;
};

/// A name as one line shows it: ends of lines and the like by their escapes.
std::string on_one_line(const std::string& name);

/// A number with so many digits behind the point.
std::string fixed(double x, int digits);

}  // namespace xgrad::detail
