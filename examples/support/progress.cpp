#include "support/progress.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace example {

namespace {

constexpr int width = 30;
constexpr auto between_draws = std::chrono::milliseconds(50);

bool on_terminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

std::string repeat(std::string_view mark, std::int64_t times) {
  std::string text;
  for (std::int64_t i = 0; i < times; ++i) text += mark;
  return text;
}

}  // namespace

bool in_colour() {
  const char* refused = std::getenv("NO_COLOR");  // https://no-color.org
  return on_terminal() && (refused == nullptr || *refused == '\0');
}

Progress::Progress(std::string label, std::int64_t steps)
    : label_(std::move(label)), steps_(steps), shown_(on_terminal() && steps > 0) {}

Progress::~Progress() {
  if (!shown_) return;
  std::fputs("\r\033[K", stdout);
  std::fflush(stdout);
}

void Progress::advance() {
  ++done_;
  if (!shown_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_draw_) return;
  next_draw_ = now + between_draws;
  draw();
}

void Progress::draw() const {
  const std::int64_t filled = width * done_ / steps_;
  const std::string done = repeat("━", filled), left = repeat("─", width - filled);
  const bool colour = in_colour();
  std::printf("\r%s %s%s%s%s %3d%%", label_.c_str(), colour ? "\033[32m" : "", done.c_str(),
              colour ? "\033[0m" : "", left.c_str(), static_cast<int>(100 * done_ / steps_));
  std::fflush(stdout);
}

}  // namespace example
