#include "state_text.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

namespace xgrad::files {

namespace {

template <class T, class... Format>
std::string digits(T v, Format... format) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), v, format...).ptr;
  return {text.data(), end};
}

template <class T, class... Format>
std::optional<T> number(std::string_view text, Format... format) {
  T v{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v, format...);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return v;
}

constexpr std::string_view nan_start = "nan ";

struct Text {
  std::string operator()(const Tensor&) const { return "undefined"; }
  std::string operator()(std::int64_t v) const { return "int " + digits(v); }
  std::string operator()(double v) const {
    if (std::isnan(v)) return "float nan " + digits(std::bit_cast<std::uint64_t>(v), 16);
    return "float " + digits(v);  // the fewest digits that give it back
  }
  std::string operator()(bool v) const { return v ? "bool true" : "bool false"; }
  std::string operator()(const std::string& v) const { return "text " + v; }
};

std::optional<StateValue> float_of(std::string_view text) {
  if (!text.starts_with(nan_start)) {
    const auto v = number<double>(text);
    return v && !std::isnan(*v) ? std::optional<StateValue>(*v) : std::nullopt;
  }
  const auto bits = number<std::uint64_t>(text.substr(nan_start.size()), 16);
  if (!bits || !std::isnan(std::bit_cast<double>(*bits))) return {};
  return std::bit_cast<double>(*bits);
}

}  // namespace

std::string text_of_value(const StateValue& value) { return std::visit(Text(), value); }

std::optional<StateValue> value_of_text(std::string_view text) {
  if (text == "undefined") return Tensor();
  if (text == "bool true") return true;
  if (text == "bool false") return false;
  if (text.starts_with("text ")) return std::string(text.substr(5));
  if (text.starts_with("float ")) return float_of(text.substr(6));
  if (!text.starts_with("int ")) return {};
  const auto v = number<std::int64_t>(text.substr(4));
  return v ? std::optional<StateValue>(*v) : std::nullopt;
}

}  // namespace xgrad::files
