#include "number_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace xgrad::train {

std::string short_text(double value) {
  const double size = std::abs(value);
  const bool is_usual = size == 0 || (size >= 1e-3 && size < 1e5);
  std::array<char, 32> place{};
  std::snprintf(place.data(), place.size(), is_usual ? "%.4f" : "%.3e", value);
  return place.data();
}

std::string exact_text(double value) {
  std::array<char, 32> place{};
  const auto end = std::to_chars(place.data(), place.data() + place.size(), value);
  return {place.data(), end.ptr};
}

std::string duration_text(double seconds) {
  std::array<char, 32> place{};
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (seconds < 9.95)
    std::snprintf(place.data(), place.size(), "%.1f s", seconds);
  else if (whole < 60)
    std::snprintf(place.data(), place.size(), "%lld s", whole);
  else if (whole < 3600)
    std::snprintf(place.data(), place.size(), "%lld:%02lld", whole / 60, whole % 60);
  else
    std::snprintf(place.data(), place.size(), "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  return place.data();
}

}  // namespace xgrad::train
