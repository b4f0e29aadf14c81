#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace example {

/// True when standard output is a terminal that shows escape codes and NO_COLOR is not set.
bool in_colour();

/// A bar that fills while a loop runs and vanishes with its scope. Silent unless standard output is a
/// terminal.
class Progress {
 public:
  Progress(std::string label, std::int64_t steps);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// One more step is done.
  void advance();

 private:
  void draw() const;

  std::string label_;
  std::int64_t steps_;
  std::int64_t done_ = 0;
  bool shown_;
  std::chrono::steady_clock::time_point next_draw_ = {};
};

}  // namespace example
