#include <array>

#include "text/byte_pairs.hpp"

namespace xgrad::data {

namespace {

enum class Kind { letter, digit, space, other };

Kind kind_of(char c) {
  const auto u = static_cast<unsigned char>(c);
  if ((u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || u >= 0x80) return Kind::letter;
  if (u >= '0' && u <= '9') return Kind::digit;
  return u == ' ' || (u >= '\t' && u <= '\r') ? Kind::space : Kind::other;
}

/// How long an English contraction at the beginning is; 0 where there is none.
std::size_t contraction(std::string_view text) {
  for (const std::string_view end : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (text.starts_with(end)) return end.size();
  return 0;
}

std::size_t run(std::string_view text, std::size_t from) {
  std::size_t at = from;
  while (at < text.size() && kind_of(text[at]) == kind_of(text[from])) ++at;
  return at;
}

/// The size of the first piece.
std::size_t piece(std::string_view text) {
  if (const std::size_t size = contraction(text)) return size;
  const std::size_t blank = text[0] == ' ' && text.size() > 1 && kind_of(text[1]) != Kind::space;
  if (blank || kind_of(text[0]) != Kind::space) return run(text, blank);
  const std::size_t spaces = run(text, 0);  // the last one goes with what follows
  return spaces == text.size() || spaces == 1 ? spaces : spaces - 1;
}

}  // namespace

std::vector<std::string_view> pieces(std::string_view text) {
  std::vector<std::string_view> all;
  while (!text.empty()) {
    const std::size_t size = piece(text);
    all.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return all;
}

std::array<unsigned char, 256> byte_order() {
  const auto is_shown = [](int b) { return (b > 32 && b < 127) || (b > 160 && b != 173); };
  std::array<unsigned char, 256> order;
  std::size_t next = 0;
  for (const bool shown : {true, false})
    for (int b = 0; b < 256; ++b)
      if (is_shown(b) == shown) order[next++] = static_cast<unsigned char>(b);
  return order;
}

}  // namespace xgrad::data
