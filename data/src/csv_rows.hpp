#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "input.hpp"

namespace xgrad::data {

/// The rows of a table in text, one at a time: fields without their quotes and without the blanks around
/// them.
class CsvRows {
 public:
  CsvRows(std::string op, const std::string& path, char delimiter, char quote);

  /// Leaves out the rest of the current line, whatever it holds; false at the end of the file.
  bool skip_line();
  /// Reads the next row that is not empty; false at the end.
  bool next();

  std::size_t size() const { return fields_.size(); }
  std::string_view operator[](std::size_t i) const {
    return std::string_view(text_).substr(fields_[i].begin, fields_[i].end - fields_[i].begin);
  }
  /// The line that the current row starts in, from 1.
  std::int64_t line() const { return fields_.front().line; }

  /// Throws Error about the file.
  [[noreturn]] void fail(const std::string& what) const { input_.fail(what); }
  /// Throws Error about field i of the current row; `names` are those of the columns, or empty.
  [[noreturn]] void fail_at(std::size_t i, const std::string& what,
                            const std::vector<std::string>& names = {}) const;

 private:
  struct Field {
    std::size_t begin;
    std::size_t end;
    std::int64_t line;
    bool quoted;
  };
  static constexpr int end_of_file = -1;

  bool refill();
  int peek() { return position_ != end_ || refill() ? static_cast<unsigned char>(*position_) : end_of_file; }
  int get();
  bool is_blank(int c) const { return (c == ' ' || c == '\t') && c != delimiter_; }
  bool ends_field(int c) const { return c == delimiter_ || c == '\n' || c == '\r' || c == end_of_file; }
  bool read_field();
  int read_plain();
  int read_quoted(std::int64_t line);

  Input input_;
  int delimiter_;
  int quote_;
  std::unique_ptr<char[]> buffer_;
  const char* position_;
  const char* end_;
  std::int64_t line_ = 1;

  std::string text_;  // of the current row
  std::vector<Field> fields_;
};

/// A field as an error shows it: shortened and without control characters.
std::string shown(std::string_view field);
/// The same in quotes.
std::string in_quotes(std::string_view field);

}  // namespace xgrad::data
