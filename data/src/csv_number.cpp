#include "csv_number.hpp"

#include <time.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace xgrad::data {

namespace {

// What double holds without an error.
constexpr std::array<double, 23> powers_of_ten{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// Appends the digits from p on to m, and returns where they end. More than 19 digits wrap around, and are
// counted.
const char* digits(const char* p, const char* last, std::uint64_t& m) {
  for (; p != last; ++p) {
    const auto digit = static_cast<unsigned>(*p - '0');
    if (digit > 9) break;
    m = 10 * m + digit;
  }
  return p;
}

// A number without an exponent whose digits are an integer that double holds: divided by a power of ten that
// it holds too, it is the nearest one (Clinger, 1990). What is not such a number is left to from_chars.
bool short_number(const char* first, const char* last, double& value) {
  const bool negative = first != last && *first == '-';
  first += negative;
  std::uint64_t m = 0;
  const char* p = digits(first, last, m);
  auto count = p - first;
  std::size_t decimals = 0;
  if (p != last && *p == '.') {
    const char* point = p + 1;
    p = digits(point, last, m);
    decimals = static_cast<std::size_t>(p - point);
    count += p - point;
  }
  if (p != last || count == 0 || count > 19 || m > (std::uint64_t{1} << 53)) return false;
  const double whole = static_cast<double>(m) / powers_of_ten[decimals];
  value = negative ? -whole : whole;
  return true;
}

bool is_word(std::string_view field, std::string_view word) {
  if (field.size() != word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if ((field[i] | 0x20) != word[i]) return false;
  return true;
}

}  // namespace

std::optional<double> number_in(std::string_view field) {
  const char* first = field.data();
  const char* last = first + field.size();
  while (first != last && *first == ' ') ++first;
  while (last != first && last[-1] == ' ') --last;
  if (last - first > 1 && *first == '+' && first[1] != '-') ++first;

  double value = 0;
  if (short_number(first, last, value)) return value;
  auto read = std::from_chars(first, last, value);
  if (read.ec == std::errc::result_out_of_range) {  // too small is 0, and long double can tell
    long double wide = 0;
    read = std::from_chars(first, last, wide);
    value = static_cast<double>(wide);
  }
  if (read.ec != std::errc() || read.ptr != last || !std::isfinite(value)) return {};
  return value;
}

std::optional<double> number_in(std::string_view field, const NumberForm& form) {
  if (form.plain()) {
    if (const auto value = number_in(field)) return value;
  } else {
    std::string text;
    bool point = false;
    double scale = 1;
    for (const char c : field) {
      if (c == form.thousands && form.thousands != '\0' && !point && !text.empty()) continue;
      point |= c == form.decimal;
      if (c == '.' && form.decimal != '.') return {};
      text += c == form.decimal ? '.' : c;
    }
    if (form.percent && text.ends_with('%')) text.pop_back(), scale = 100;
    if (const auto value = number_in(text)) return *value / scale;
  }
  if (is_word(field, "true")) return 1;
  if (is_word(field, "false")) return 0;
  return {};
}

std::optional<double> date_in(std::string_view field, const std::string& format) {
  const std::string text(field);
  std::tm parts = {};
  parts.tm_mday = 1;
  const char* stop = strptime(text.c_str(), format.c_str(), &parts);
  if (!stop || stop != text.c_str() + text.size()) return {};
  const std::chrono::year_month_day day(std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
  if (!day.ok()) return {};
  const double seconds = parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec;
  return static_cast<double>(std::chrono::sys_days(day).time_since_epoch().count()) + seconds / 86400;
}

}  // namespace xgrad::data
