#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "input.hpp"

namespace xgrad::data {

/// How a table is written.
struct CsvForm {
  char delimiter = ',';
  char quote = '"';
  char comment = '\0';  ///< '\0': none
  bool blanks = false;  ///< fields are separated by runs of blanks and tabs
};

/// The rows of a table in text, one at a time: fields without their quotes and without the blanks around
/// them. They stay in the buffer that the file was read into, and are valid until the next row.
class CsvRows {
 public:
  CsvRows(std::string op, const std::string& path, const CsvForm& form);
  /// The rows of a part of that file, set by `assign`.
  CsvRows(std::string op, std::string path, const CsvForm& form, std::string_view part, std::int64_t line);

  /// Goes through this text from now on, which begins in the given line of the file.
  void assign(std::string_view part, std::int64_t line);
  /// Where in the file the next row begins, or empty lines before it, and in which line.
  std::uint64_t offset() const { return before_ + position_; }
  std::uint64_t row_offset() const { return before_ + row_; }  ///< where the current row begins
  std::int64_t next_line() const { return line_; }

  /// Leaves out the rest of the current line, whatever it holds; false at the end of the file.
  bool skip_line();
  /// Reads the next row that is not empty; false at the end.
  bool next();

  /// Reads the next row where it is nothing but short numbers, one for each element of `row`, and all of it
  /// is in the buffer; false, and has read nothing, where not.
  bool next_numbers(std::span<double> row);

  std::size_t size() const { return fields_.size(); }
  std::string_view operator[](std::size_t i) const {
    const Field& field = fields_[i];
    return {(field.quoted ? unquoted_.data() : buffer_.data()) + field.begin, field.size};
  }
  /// The line that field i of the current row starts in, from 1.
  std::int64_t line(std::size_t i = 0) const { return fields_[i].line; }
  /// Where field i of the current row is, for errors; `names` are those of the columns, or empty.
  std::string place(std::size_t i, const std::vector<std::string>& names = {}) const;

  /// Throws Error about the file.
  [[noreturn]] void fail(const std::string& what, const std::string& where = "") const;
  /// Throws Error about field i of the current row.
  [[noreturn]] void fail_at(std::size_t i, const std::string& what,
                            const std::vector<std::string>& names = {}) const;

 private:
  struct Field {
    std::size_t begin;  // in the buffer, or in what has been unquoted
    std::size_t size;
    std::int64_t line;
    bool quoted;
  };
  enum class Scan { whole, more, end };  // a row was read; the buffer ends first; the file has

  void set_ends();
  bool refill();
  Scan scan();
  Scan scan_field(std::size_t& at, std::int64_t& line, bool& last);
  Scan scan_quoted(std::size_t& at, std::int64_t& line);
  Scan end_line(std::size_t& at, std::int64_t& line) const;
  bool more(std::size_t at) const { return at >= end_ && !ended_; }
  bool is_blank(char c) const { return (c == ' ' || c == '\t') && (form_.blanks || c != form_.delimiter); }
  bool ends(char c) const { return ends_[static_cast<unsigned char>(c)]; }
  std::size_t skip_blanks(std::size_t at) const;

  std::string op_, path_;
  std::unique_ptr<Input> input_;  // null where the text is in memory
  CsvForm form_;
  std::array<bool, 256> ends_ = {};  // what ends a field without quotes
  std::string buffer_;               // one '\n' more than was read, which ends every search
  std::size_t position_ = 0, end_ = 0, row_ = 0;
  std::uint64_t before_ = 0;  // bytes of the file before the buffer
  bool ended_ = false;
  std::int64_t line_ = 1;

  std::string unquoted_;  // the quoted fields of the current row
  std::vector<Field> fields_;
};

/// A field as an error shows it: shortened and without control characters.
std::string shown(std::string_view field);
/// The same in quotes.
std::string in_quotes(std::string_view field);

}  // namespace xgrad::data
