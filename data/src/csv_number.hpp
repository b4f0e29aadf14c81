#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace xgrad::data {

/// The number that a field holds, nothing when it holds none or an infinite one; `1e999` is infinite.
std::optional<double> number_in(std::string_view field);

/// How numbers are written.
struct NumberForm {
  char decimal = '.';
  char thousands = '\0';  ///< '\0': none
  bool percent = false;   ///< "12 %" is 0.12

  bool plain() const { return decimal == '.' && thousands == '\0' && !percent; }
};

/// The same in another form; also 1 for "true" and 0 for "false", in any case.
std::optional<double> number_in(std::string_view field, const NumberForm& form);

/// A date as days since 1970-01-01, in the words of strptime; nothing where it is none.
std::optional<double> date_in(std::string_view field, const std::string& format);

}  // namespace xgrad::data
