#include "program/table.hpp"

#include <algorithm>
#include <charconv>

namespace xgrad::detail {
namespace {

/// How many characters a text has: bytes that go on with one begun before are none of their own.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::string TextTable::str(const std::string& indent) const {
  std::vector<std::size_t> width(rows_[0].size());
  std::vector<bool> shown(rows_[0].size());
  for (std::size_t r = 0; r < rows_.size(); ++r)
    for (std::size_t c = 0; c < rows_[r].size(); ++c) {
      width[c] = std::max(width[c], width_of(rows_[r][c]));
      shown[c] = shown[c] || (r > 0 && !rows_[r][c].empty());
    }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (!shown[c]) continue;
      const std::string blanks(width[c] - width_of(row[c]), ' ');
      if (!line.empty()) line += "  ";
      line += c < words_ ? row[c] + blanks : blanks + row[c];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += indent + line + "\n";
  }
  return out;
}

std::string on_one_line(const std::string& name) {
  constexpr const char* digits = "0123456789abcdef";
  std::string s;
  for (char c : name) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '\n')
      s += "\\n";
    else if (c == '\t')
      s += "\\t";
    else if (code < 0x20 || code == 0x7f)
      (s += "\\x") += {digits[code >> 4], digits[code & 15]};
    else
      s += c;
  }
  return s;
}

std::string fixed(double x, int digits) {
  char text[400];
  return std::string(text, std::to_chars(text, text + sizeof text, x, std::chars_format::fixed, digits).ptr);
}

}  // namespace xgrad::detail
