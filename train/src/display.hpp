#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "xgrad/train/fit.hpp"

namespace xgrad::train {

/// What fit shows of a training on standard output.
class Display {
 public:
  /// The numbers at this moment, for the line that lives.
  using Now = std::function<Scores()>;

  Display(Show show, std::int64_t epochs);
  Display(const Display&) = delete;
  Display& operator=(const Display&) = delete;
  ~Display();

  /// An epoch begins, of so many batches; below 0 where that is unknown.
  void begin(std::int64_t epoch, std::int64_t batches);
  /// So many batches are done.
  void advance(std::int64_t done, const Now& now) {
    if (is_live_) [[unlikely]]
      live(done, now);
  }
  void end(const Scores& scores);
  void tell(const std::string& line);

 private:
  using Clock = std::chrono::steady_clock;

  void live(std::int64_t done, const Now& now);
  std::string coloured(const char* code, const std::string& text) const;
  std::string heading() const;
  std::string bar(std::int64_t done) const;
  void clear();

  bool is_live_ = false, is_shown_, in_colour_ = false, has_line_ = false;
  std::int64_t epochs_, epoch_ = 0, batches_ = -1;
  Clock::time_point begun_, next_;
};

}  // namespace xgrad::train
