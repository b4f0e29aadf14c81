#include "csv_rows.hpp"

#include <algorithm>
#include <cstring>

#include "csv_number.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace {

constexpr std::size_t buffer_size = 1u << 18;

}  // namespace

CsvRows::CsvRows(std::string op, std::string path, const CsvForm& form, std::string_view part,
                 std::int64_t line)
    : op_(std::move(op)), path_(std::move(path)), form_(form) {
  set_ends();
  assign(part, line);
}

CsvRows::CsvRows(std::string op, const std::string& path, const CsvForm& form)
    : op_(std::move(op)),
      path_(path),
      input_(std::make_unique<Input>(op_, path)),
      form_(form),
      buffer_("\n") {
  set_ends();
  refill();
  const std::string_view start(buffer_.data(), end_);
  if (start.starts_with("\xEF\xBB\xBF")) position_ = 3;  // the mark of UTF-8
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF"))
    fail("the text is UTF-16; save it as UTF-8");
}

void CsvRows::assign(std::string_view part, std::int64_t line) {
  buffer_.assign(part);
  end_ = buffer_.size();
  buffer_ += '\n';
  position_ = 0;
  ended_ = true;
  line_ = line;
}

void CsvRows::set_ends() {
  const auto end_at = [this](char c) { ends_[static_cast<unsigned char>(c)] = true; };
  end_at('\n'), end_at('\r');
  if (form_.blanks)
    end_at(' '), end_at('\t');
  else
    end_at(form_.delimiter);
  if (form_.comment != '\0') end_at(form_.comment);
}

// Reads on behind what is not used yet, which moves to the front; false at the end of the file.
bool CsvRows::refill() {
  if (ended_) return false;
  const std::size_t kept = end_ - position_;
  if (position_ > 0) std::memmove(buffer_.data(), buffer_.data() + position_, kept);
  if (buffer_.size() < kept + buffer_size + 1) buffer_.resize(2 * kept + buffer_size + 1);
  before_ += position_;
  position_ = 0;
  const std::size_t wanted = buffer_.size() - 1 - kept;
  const std::size_t got = input_->read(buffer_.data() + kept, wanted);
  end_ = kept + got;
  ended_ = got < wanted;
  buffer_[end_] = '\n';
  return got > 0;
}

std::size_t CsvRows::skip_blanks(std::size_t at) const {
  while (is_blank(buffer_[at])) ++at;
  return at;
}

// Goes past the end of a line - LF, CR LF or CR - or of the file.
CsvRows::Scan CsvRows::end_line(std::size_t& at, std::int64_t& line) const {
  if (more(at) || (buffer_[at] == '\r' && more(at + 1))) return Scan::more;
  if (at >= end_) return Scan::whole;
  at += buffer_[at] == '\r' && at + 1 < end_ && buffer_[at + 1] == '\n' ? 2 : 1;
  ++line;
  return Scan::whole;
}

bool CsvRows::skip_line() {
  while (true) {
    if (position_ == end_ && !refill()) return false;
    const auto is_end = [](char c) { return c == '\n' || c == '\r'; };
    auto at = static_cast<std::size_t>(
        std::find_if(buffer_.begin() + static_cast<std::ptrdiff_t>(position_), buffer_.end(), is_end) -
        buffer_.begin());
    if (end_line(at, line_) == Scan::whole) {
      position_ = at;
      return true;
    }
    if (at >= end_) position_ = end_;  // a long line need not be kept
    refill();
  }
}

bool CsvRows::next() {
  while (true) {
    const Scan found = scan();
    if (found == Scan::end) return false;
    if (found == Scan::more)
      refill();
    else if (!fields_.empty() && (fields_.size() > 1 || fields_[0].size > 0 || fields_[0].quoted))
      return true;
  }
}

bool CsvRows::next_numbers(std::span<double> row) {
  const char *p = buffer_.data() + position_, *const last = buffer_.data() + end_;
  for (std::size_t i = 0; i < row.size(); ++i) {
    while (is_blank(*p)) ++p;
    p = short_number(p, last, row[i]);
    if (!p) return false;
    if (i + 1 == row.size()) break;
    if (!form_.blanks)
      while (is_blank(*p)) ++p;
    if (*p != form_.delimiter && !(form_.blanks && is_blank(*p))) return false;
    ++p;
  }
  while (is_blank(*p)) ++p;
  if (*p == '\r' && p[1] == '\n') ++p;
  if (*p != '\n' || p >= last) return false;
  position_ = static_cast<std::size_t>(p + 1 - buffer_.data());
  ++line_;
  return true;
}

// Reads a row from position_ and moves behind it, where the whole of it is in the buffer.
CsvRows::Scan CsvRows::scan() {
  fields_.clear();
  unquoted_.clear();
  std::size_t at = position_;
  std::int64_t line = line_;
  if (at >= end_) return ended_ ? Scan::end : Scan::more;
  for (bool last = false; !last;)
    if (scan_field(at, line, last) == Scan::more) return Scan::more;
  if (form_.comment != '\0' && buffer_[at] == form_.comment && at < end_)
    while (buffer_[at] != '\n' && buffer_[at] != '\r') ++at;
  if (end_line(at, line) == Scan::more) return Scan::more;
  row_ = position_;
  position_ = at;
  line_ = line;
  return Scan::whole;
}

// Reads a field and the delimiter behind it; `last` where the row ends with it.
CsvRows::Scan CsvRows::scan_field(std::size_t& at, std::int64_t& line, bool& last) {
  at = skip_blanks(at);
  if (buffer_[at] == form_.quote && at < end_) {
    if (scan_quoted(at, line) == Scan::more) return Scan::more;
    const std::size_t behind = at;
    at = skip_blanks(at);
    if (more(at)) return Scan::more;
    if (!ends(buffer_[at]) && !(form_.blanks && at > behind))
      fail_at(fields_.size() - 1, "text follows a quoted field; double the quotes that are part of it");
  } else {
    const std::size_t begin = at;
    while (!ends(buffer_[at])) ++at;
    if (more(at)) return Scan::more;
    std::size_t stop = at;
    while (stop > begin && is_blank(buffer_[stop - 1])) --stop;
    fields_.push_back({begin, stop - begin, line, false});
  }
  if (form_.blanks) {
    at = skip_blanks(at);
    if (more(at)) return Scan::more;
    last =
        buffer_[at] == '\n' || buffer_[at] == '\r' || (form_.comment != '\0' && buffer_[at] == form_.comment);
    return Scan::whole;
  }
  last = buffer_[at] != form_.delimiter || at >= end_;
  if (!last) ++at;
  return Scan::whole;
}

// Reads what stands between quotes, up to what comes behind them.
CsvRows::Scan CsvRows::scan_quoted(std::size_t& at, std::int64_t& line) {
  fields_.push_back({unquoted_.size(), 0, line, true});
  Field& field = fields_.back();
  ++at;
  while (true) {
    const std::size_t from = at;
    while (buffer_[at] != form_.quote && buffer_[at] != '\n' && buffer_[at] != '\r') ++at;
    unquoted_.append(buffer_, from, at - from);
    if (more(at) || more(at + 1)) return Scan::more;
    if (at >= end_) fail_at(fields_.size() - 1, "a quoted field does not end; close it by a quote");
    if (buffer_[at] == form_.quote) {
      ++at;
      if (buffer_[at] != form_.quote || at >= end_) break;
      unquoted_ += form_.quote;
      ++at;
    } else {
      if (end_line(at, line) == Scan::more) return Scan::more;
      unquoted_ += '\n';
    }
  }
  field.size = unquoted_.size() - field.begin;
  return Scan::whole;
}

std::string CsvRows::place(std::size_t i, const std::vector<std::string>& names) const {
  std::string where = "line " + std::to_string(fields_[i].line) + ", column " + std::to_string(i + 1);
  if (i < names.size()) where += " (" + shown(names[i]) + ")";
  return where;
}

void CsvRows::fail(const std::string& what, const std::string& where) const {
  throw Error(op_ + ": " + what + ": " + where + path_);
}

void CsvRows::fail_at(std::size_t i, const std::string& what, const std::vector<std::string>& names) const {
  fail(what, place(i, names) + " of ");
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
