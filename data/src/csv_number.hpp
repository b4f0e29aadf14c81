#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xgrad::data {

namespace detail {

// What double holds without an error.
inline constexpr std::array<double, 20> powers_of_ten{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                                      1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                                      1e14, 1e15, 1e16, 1e17, 1e18, 1e19};

}  // namespace detail

/// Reads a number without an exponent whose digits are an integer that double holds: divided by a power of
/// ten that it holds too, it is the nearest one (Clinger, 1990). Returns where it ends, or null where there
/// is no number that short.
inline const char* short_number(const char* p, const char* last, double& value) {
  const bool negative = p != last && *p == '-';
  p += negative;
  std::uint64_t m = 0;
  const char* const whole = p;
  const auto digits = [&] {
    for (; p != last; ++p) {
      const auto digit = static_cast<unsigned>(*p - '0');
      if (digit > 9) break;
      m = 10 * m + digit;
    }
  };
  digits();
  auto count = static_cast<std::size_t>(p - whole);
  std::size_t decimals = 0;
  if (p != last && *p == '.') {
    const char* const point = ++p;
    digits();
    decimals = static_cast<std::size_t>(p - point);
    count += decimals;
  }
  if (count == 0 || count > 19 || m > (std::uint64_t{1} << 53)) return nullptr;
  const double magnitude = static_cast<double>(m) / detail::powers_of_ten[decimals];
  // No branch: where signs come by chance, half of its guesses would be wrong.
  value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(magnitude) | std::uint64_t{negative} << 63);
  return p;
}

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
