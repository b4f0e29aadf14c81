#include "markup.hpp"

#include <array>
#include <cstdio>

namespace xgrad::train {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string place_text(double value) {
  std::array<char, 48> place{};
  std::snprintf(place.data(), place.size(), "%.1f", value);
  return place.data();
}

const char* colour(std::size_t i) {
  constexpr std::array colours{"#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#000000"};
  return colours[i % colours.size()];
}

}  // namespace xgrad::train
