#include "text.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <utility>

namespace xgrad::tools {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Columns of a terminal that a text in UTF-8 takes, if each character takes one.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !continues(c); }));
}

std::string formatted(const char* format, double v) {
  std::array<char, 64> text{};
  const int n = std::snprintf(text.data(), text.size(), format, v);
  return {text.data(), static_cast<std::size_t>(n)};
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

std::string coloured(const char* code, const std::string& text) {
  static const char* terminal = std::getenv("TERM");
  static const bool wanted =
      isatty(STDOUT_FILENO) && !is_set("NO_COLOR") && (!terminal || std::string_view(terminal) != "dumb");
  return wanted ? std::string("\033[") + code + "m" + text + "\033[0m" : text;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown(text);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto byte = static_cast<unsigned char>(shown[i]);
    // U+0080 to U+009F, of which U+009B begins a command as ESC [ does
    const bool is_upper_control = byte == 0xc2 && i + 1 < shown.size() &&
                                  static_cast<unsigned char>(shown[i + 1]) < 0xa0 && continues(shown[i + 1]);
    if (is_upper_control) shown.erase(i, 1);
    if (is_upper_control || byte < ' ' || byte == 0x7f) shown[i] = '?';
  }
  return shown;
}

std::string short_number(double v) { return formatted("%.4g", v); }

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " bytes";
  double n = static_cast<double>(bytes);
  std::size_t unit = 0;
  constexpr std::array units{"kB", "MB", "GB", "TB", "PB", "EB"};
  for (n /= 1000; n >= 999.95 && unit + 1 < units.size(); ++unit) n /= 1000;
  return formatted("%.1f ", n) + units[unit];
}

Table::Table(std::vector<std::string> head, std::size_t numbers_from) : numbers_from_(numbers_from) {
  rows_.push_back(std::move(head));
}

void Table::print(std::ostream& out) const {
  std::vector<std::size_t> widths(rows_[0].size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - width(row[i]), ' ');
      line += (i > 0 ? "  " : "") + (i >= numbers_from_ ? blanks + row[i] : row[i] + blanks);
    }
    line.resize(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

std::string green(const std::string& text) { return coloured("32", text); }
std::string red(const std::string& text) { return coloured("31", text); }

}  // namespace xgrad::tools
