#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace xgrad::tools {

/// A text of a file as a terminal may show it: what would control the terminal is a question mark.
std::string printable(std::string_view text);

/// A number in four digits: "0.1235", "1e+30", "nan".
std::string short_number(double v);

/// "17 bytes", "1.2 kB", "4.3 GB".
std::string size_text(std::uint64_t bytes);

/// Rows of cells, printed as columns. The first column is one of names, the others are numbers where
/// `numbers_from` says so, which stand to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> head, std::size_t numbers_from);

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::size_t numbers_from_;
};

/// Words in colour where standard output is a terminal and the environment does not say NO_COLOR.
std::string green(const std::string& text);
std::string red(const std::string& text);

}  // namespace xgrad::tools
