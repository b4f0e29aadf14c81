#include "npy_literal.hpp"

#include <algorithm>
#include <charconv>

#include "npy_text.hpp"

namespace xgrad::files {
namespace {

constexpr std::string_view keys[] = {"descr", "fortran_order", "shape"};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

class NpyLiteralParser {
 public:
  NpyLiteralParser(std::string_view text, bool may_be_python2, const ByteSource& source)
      : text_(text), may_be_python2_(may_be_python2), source_(source) {}

  NpyLiteral parse() {
    expect('{', "a dict");
    while (!take('}')) {
      const std::string key = parse_text("a key in quotes");
      expect(':', "a colon behind the key");
      parse_value(key);
      if (take(',')) continue;
      expect('}', "a comma or the end of the dict");
      break;
    }
    skip_blanks();
    if (at_ < text_.size()) expected("the end of the header");
    for (std::size_t i = 0; i < std::size(keys); ++i)
      if (!seen_[i])
        source_.fail("the header lacks '" + std::string(keys[i]) +
                     "'; it must have the keys descr, fortran_order and shape");
    return literal_;
  }

 private:
  void parse_value(const std::string& key) {
    const auto found = std::ranges::find(keys, key);
    if (found == std::end(keys))
      source_.fail("the header has the key '" + shown(key) +
                   "'; it must have the keys descr, fortran_order and shape and no other");
    seen_[found - std::begin(keys)] = true;
    if (key == "descr") parse_descr();
    if (key == "fortran_order") literal_.fortran_order = parse_flag();
    if (key == "shape") parse_shape();
  }

  void parse_descr() {
    skip_blanks();
    if (at_ < text_.size() && (text_[at_] == '[' || text_[at_] == '('))
      source_.fail("the array is of records with fields; save each field as an array of its own");
    literal_.descr = parse_text("the dtype in quotes");
  }

  std::string parse_text(const char* what) {
    skip_blanks();
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    if (quote != '\'' && quote != '"') expected(what);
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) expected("a closing quote");
    std::string inside(text_.substr(at_ + 1, end - at_ - 1));
    if (inside.find_first_of("\\\n") != std::string::npos) expected("plain characters in quotes");
    at_ = end + 1;
    return inside;
  }

  bool parse_flag() {
    if (take_word("True")) return true;
    if (!take_word("False")) expected("True or False");
    return false;
  }

  /// A tuple: (), (3,), (2, 3) or (2, 3,).
  void parse_shape() {
    std::vector<std::int64_t>& sizes = literal_.shape;
    sizes.clear();
    expect('(', "a tuple of sizes");
    bool comma = false;
    while (!take(')')) {
      if (!sizes.empty() && !comma) expected("a comma or the end of the sizes");
      sizes.push_back(parse_size());
      comma = take(',');
    }
    if (sizes.size() == 1 && !comma) expected("a tuple of sizes, (3,) and not (3),");
  }

  std::int64_t parse_size() {
    skip_blanks();
    const char* from = text_.data() + at_;
    const char* end = text_.data() + text_.size();
    std::int64_t size = 0;
    const auto [stop, error] = std::from_chars(from, end, size);
    const bool zeros_before = stop - from > 1 && *from == '0';
    if (error != std::errc() || zeros_before || size < 0)
      expected("a size of the shape, a whole number from 0 on");
    at_ += static_cast<std::size_t>(stop - from);
    if (may_be_python2_ && at_ < text_.size() && text_[at_] == 'L') ++at_;
    return size;
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool take(char c) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void expect(char c, const char* what) {
    if (!take(c)) expected(what);
  }
  [[noreturn]] void expected(const std::string& what) {
    source_.fail("the header must have " + what + " at its byte " + std::to_string(at_) +
                 "; get the file again");
  }

  std::string_view text_;
  bool may_be_python2_;
  const ByteSource& source_;
  std::size_t at_ = 0;
  bool seen_[std::size(keys)] = {};
  NpyLiteral literal_;
};

}  // namespace

NpyLiteral parse_npy_literal(std::string_view header, bool may_be_python2, const ByteSource& source) {
  return NpyLiteralParser(header, may_be_python2, source).parse();
}

}  // namespace xgrad::files
