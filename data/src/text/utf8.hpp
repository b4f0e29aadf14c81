#pragma once

#include <cstddef>
#include <string_view>

namespace xgrad::data {

/// How many bytes the character has that text begins with; 0 where it is no UTF-8 (RFC 3629).
inline std::size_t utf8_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned c = byte(0);
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c < 0xE0) return follows(1) ? 2 : 0;
  if ((c & 0xF0u) == 0xE0) {
    const bool overlong = c == 0xE0 && byte(1) < 0xA0, surrogate = c == 0xED && byte(1) >= 0xA0;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (c >= 0xF0 && c < 0xF5) {
    const bool overlong = c == 0xF0 && byte(1) < 0x90, beyond = c == 0xF4 && byte(1) >= 0x90;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

}  // namespace xgrad::data
