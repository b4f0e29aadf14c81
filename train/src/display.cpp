#include "display.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "number_text.hpp"

namespace xgrad::train {

namespace {

constexpr std::int64_t bar_width = 20;
constexpr auto between_draws = std::chrono::milliseconds(50);
constexpr const char* green = "32";
constexpr const char* dim = "2";

bool on_terminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

bool colours_wanted() {
  const char* refused = std::getenv("NO_COLOR");  // https://no-color.org
  return refused == nullptr || *refused == '\0';
}

std::size_t columns() {
  winsize size = {};
  constexpr std::size_t usual = 80;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

std::string repeat(std::string_view mark, std::int64_t times) {
  std::string text;
  for (std::int64_t i = 0; i < times; ++i) text += mark;
  return text;
}

/// As much of a text as fits into some columns; marks of several bytes take one, escape codes none.
std::string fitted(const std::string& text, std::size_t room) {
  std::string out;
  bool in_code = false;
  std::size_t used = 0;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
    if (c == '\033') in_code = true;
    if (!in_code && !continues && ++used > room) continue;
    if (in_code || used <= room) out += c;
    if (in_code && c == 'm') in_code = false;
  }
  return out;
}

}  // namespace

Display::Display(Show show, std::int64_t epochs) : is_shown_(show != Show::nothing), epochs_(epochs) {
  is_live_ = show == Show::automatic && on_terminal();
  in_colour_ = is_live_ && colours_wanted();
}

Display::~Display() { clear(); }

void Display::clear() {
  if (!has_line_) return;
  std::fputs("\r\033[K", stdout);
  std::fflush(stdout);
  has_line_ = false;
}

std::string Display::coloured(const char* code, const std::string& text) const {
  return in_colour_ ? std::string("\033[") + code + "m" + text + "\033[0m" : text;
}

std::string Display::heading() const {
  const std::string all = std::to_string(epochs_), number = std::to_string(epoch_);
  return "epoch " + std::string(all.size() > number.size() ? all.size() - number.size() : 0, ' ') + number +
         "/" + all;
}

std::string Display::bar(std::int64_t done) const {
  if (batches_ <= 0) return std::to_string(done) + " batches";
  const std::int64_t filled = bar_width * std::min(done, batches_) / batches_;
  return coloured(green, repeat("━", filled)) + coloured(dim, repeat("─", bar_width - filled));
}

void Display::begin(std::int64_t epoch, std::int64_t batches) {
  epoch_ = epoch, batches_ = batches;
  begun_ = Clock::now();
  next_ = begun_;
}

void Display::live(std::int64_t done, const Now& now) {
  const auto time = Clock::now();
  if (time < next_) return;
  next_ = time + between_draws;
  const double seconds = std::chrono::duration<double>(time - begun_).count();
  std::string line = heading() + " " + bar(done);
  if (seconds > 0) {
    const double rate = static_cast<double>(done) / seconds;
    line += "  " + short_text(rate) + " batches/s";
    if (batches_ > 0 && rate > 0)
      line += "  " + duration_text(static_cast<double>(batches_ - done) / rate) + " left";
  }
  line += "  " + now().str();
  std::printf("\r\033[K%s", fitted(line, columns() - 1).c_str());
  std::fflush(stdout);
  has_line_ = true;
}

void Display::end(const Scores& scores) {
  if (!is_shown_) return;
  clear();
  const double seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
  std::printf("%s  %s  %s\n", heading().c_str(), scores.str().c_str(),
              coloured(dim, duration_text(seconds)).c_str());
  std::fflush(stdout);
}

void Display::tell(const std::string& line) {
  if (!is_shown_) return;
  clear();
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace xgrad::train
