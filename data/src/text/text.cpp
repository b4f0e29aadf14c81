#include "xgrad/data/text.hpp"

#include <algorithm>

#include "input.hpp"
#include "text/utf8.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace {

bool is_letter(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || u >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// The lines of a file.
class LineReader : public RowReader {
 public:
  LineReader(const std::string& path, const std::function<Tensor(std::string_view)>& encode)
      : in_("text_source", path), encode_(encode) {}

  bool next(Row& row) override {
    while (true) {
      const std::size_t end = text_.find('\n', place_);
      if (end == std::string::npos && !ended_) {
        refill();
        continue;
      }
      if (place_ == text_.size()) return false;
      std::string_view line =
          std::string_view(text_).substr(place_, end == std::string::npos ? end : end - place_);
      place_ = end == std::string::npos ? text_.size() : end + 1;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) continue;
      row = {encode_(line)};
      return true;
    }
  }

 private:
  void refill() {
    constexpr std::size_t part = 1u << 16;
    text_.erase(0, place_);
    place_ = 0;
    const std::size_t kept = text_.size();
    text_.resize(kept + part);
    const std::size_t got = in_.read(text_.data() + kept, part);
    text_.resize(kept + got);
    ended_ = got < part;
  }

  Input in_;
  const std::function<Tensor(std::string_view)>& encode_;
  std::string text_;
  std::size_t place_ = 0;
  bool ended_ = false;
};

class TextSource : public Source {
 public:
  TextSource(std::string path, std::function<Tensor(std::string_view)> encode)
      : path_(std::move(path)), encode_(std::move(encode)) {
    const Input in("text_source", path_);  // says now whether it is there
  }
  std::unique_ptr<RowReader> reader() const override { return std::make_unique<LineReader>(path_, encode_); }

 private:
  std::string path_;
  std::function<Tensor(std::string_view)> encode_;
};

class WindowSource : public Source {
 public:
  WindowSource(Tensor ids, std::int64_t length, std::int64_t stride)
      : ids_(std::move(ids)), length_(length), stride_(stride) {}
  std::optional<std::int64_t> size() const override { return (ids_.numel() - 1 - length_) / stride_ + 1; }
  bool indexed() const override { return true; }
  bool thread_safe() const override { return true; }
  Row row(std::int64_t i) const override {
    const std::int64_t start = i * stride_;
    return {ids_.slice(0, start, start + length_), ids_.slice(0, start + 1, start + length_ + 1)};
  }

 private:
  Tensor ids_;
  std::int64_t length_, stride_;
};

}  // namespace

std::string read_text(const std::string& path) {
  Input in("read_text", path);
  std::string text;
  constexpr std::size_t part = 1u << 20;
  for (std::size_t got = part; got == part;) {
    const std::size_t kept = text.size();
    text.resize(kept + part);
    got = in.read(text.data() + kept, part);
    text.resize(kept + got);
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_size(std::string_view(text).substr(at));
    if (size == 0) {
      const auto lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      const std::size_t before = text.rfind('\n', at);
      in.fail("the text is not UTF-8; save it as UTF-8",
              "line " + std::to_string(lines + 1) + ", byte " +
                  std::to_string(at - (before == std::string::npos ? 0 : before + 1) + 1) + " of ");
    }
    at += size;
  }
  return text;
}

std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_size(text.substr(at));
    if (size == 0) throw Error("characters: the text must be UTF-8: byte " + std::to_string(at) + " is not");
    all.emplace_back(text.substr(at, size));
    at += size;
  }
  return all;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    const std::size_t start = at;
    const auto goes_on = [&] {
      if (at == text.size()) return false;
      const bool joins = text[at] == '\'' && at > start && is_letter(text[at - 1]) && at + 1 < text.size() &&
                         is_letter(text[at + 1]);
      return is_letter(text[at]) || is_digit(text[at]) || joins;
    };
    while (goes_on()) ++at;
    if (at == start) ++at;
    all.emplace_back(text.substr(start, at - start));
  }
  return all;
}

Pipeline text_source(const std::string& path, std::function<Tensor(std::string_view)> encode) {
  return Pipeline(std::shared_ptr<const Source>(std::make_shared<TextSource>(path, std::move(encode))));
}

Pipeline language_windows(const Tensor& ids, std::int64_t length, WindowOptions options) {
  const std::int64_t stride = options.stride == 0 ? length : options.stride;
  if (length < 1 || stride < 1)
    throw Error("language_windows: length and stride must be at least 1: they are " + std::to_string(length) +
                " and " + std::to_string(stride));
  if (ids.dtype() != int64 || ids.dim() != 1 || ids.numel() <= length)
    throw Error(
        "language_windows: more token numbers than the length are needed, int64 of one axis: they are " +
        ids.describe() + " for length " + std::to_string(length));
  return Pipeline(std::shared_ptr<const Source>(std::make_shared<WindowSource>(ids, length, stride)));
}

}  // namespace xgrad::data
