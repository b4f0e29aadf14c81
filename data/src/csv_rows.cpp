#include "csv_rows.hpp"

#include <algorithm>

namespace xgrad::data {

namespace {

constexpr std::size_t buffer_size = 1u << 16;

}  // namespace

CsvRows::CsvRows(std::string op, const std::string& path, char delimiter, char quote)
    : input_(std::move(op), path),
      delimiter_(static_cast<unsigned char>(delimiter)),
      quote_(static_cast<unsigned char>(quote)),
      buffer_(std::make_unique<char[]>(buffer_size)),
      position_(buffer_.get()),
      end_(position_) {
  refill();
  const std::string_view start(position_, static_cast<std::size_t>(end_ - position_));
  if (start.starts_with("\xEF\xBB\xBF")) position_ += 3;  // the mark of UTF-8
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF"))
    fail("the text is UTF-16; save it as UTF-8");
}

bool CsvRows::refill() {
  position_ = buffer_.get();
  end_ = position_ + input_.read(buffer_.get(), buffer_size);
  return position_ != end_;
}

// The next character; the ends of lines, LF, CR LF and CR, are all '\n' and counted.
int CsvRows::get() {
  int c = peek();
  if (c == end_of_file) return c;
  ++position_;
  if (c == '\r') {
    if (peek() == '\n') ++position_;
    c = '\n';
  }
  line_ += c == '\n';
  return c;
}

bool CsvRows::skip_line() {
  if (peek() == end_of_file) return false;
  for (int c = get(); c != '\n' && c != end_of_file;) c = get();
  return true;
}

bool CsvRows::next() {
  do {
    text_.clear();
    fields_.clear();
    if (peek() == end_of_file) return false;
    while (read_field()) {
    }
  } while (fields_.size() == 1 && text_.empty() && !fields_.front().quoted);
  return true;
}

// Reads a field and what ends it; true when the row goes on.
bool CsvRows::read_field() {
  const std::size_t begin = text_.size();
  const std::int64_t line = line_;
  while (is_blank(peek())) ++position_;
  const bool quoted = peek() == quote_;
  int c = quoted ? read_quoted(line) : read_plain();
  fields_.push_back({begin, text_.size(), line, quoted});
  if (ends_field(c)) return c == delimiter_;
  fail_at(fields_.size() - 1, "text follows a quoted field; double the quotes that are part of it");
}

// Appends a field up to its end, and returns what ends it.
int CsvRows::read_plain() {
  const std::size_t begin = text_.size();
  while (!ends_field(peek())) {
    const char* from = position_;
    while (position_ != end_ && !ends_field(static_cast<unsigned char>(*position_))) ++position_;
    text_.append(from, position_);
  }
  while (text_.size() > begin && is_blank(text_.back())) text_.pop_back();
  return get();
}

// Appends what stands between quotes, and returns what comes after them and the blanks behind.
int CsvRows::read_quoted(std::int64_t line) {
  ++position_;
  while (true) {
    const int c = get();
    if (c == end_of_file) {
      fields_.push_back({0, 0, line, true});
      fail_at(fields_.size() - 1, "a quoted field does not end; close it by a quote");
    }
    if (c != quote_) {
      text_ += static_cast<char>(c);
      continue;
    }
    if (peek() != quote_) break;
    text_ += static_cast<char>(c);
    ++position_;
  }
  while (is_blank(peek())) ++position_;
  return get();
}

void CsvRows::fail_at(std::size_t i, const std::string& what, const std::vector<std::string>& names) const {
  std::string where = "line " + std::to_string(fields_[i].line) + ", column " + std::to_string(i + 1);
  if (i < names.size()) where += " (" + shown(names[i]) + ")";
  input_.fail(what, where + " of ");
}

std::string shown(std::string_view field) {
  const auto goes_on = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };  // in UTF-8
  std::size_t n = std::min<std::size_t>(field.size(), 40);
  while (n > 0 && n < field.size() && goes_on(field[n])) --n;

  std::string s;
  for (char c : field.substr(0, n)) s += static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c;
  return n < field.size() ? s + "..." : s;
}

std::string in_quotes(std::string_view field) { return '"' + shown(field) + '"'; }

}  // namespace xgrad::data
