#include "csv_number.hpp"

#include <time.h>

#include <charconv>
#include <chrono>
#include <cmath>

namespace xgrad::data {

namespace {

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
  if (short_number(first, last, value) == last) return value;
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
