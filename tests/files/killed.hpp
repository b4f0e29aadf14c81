#pragma once

// Processes that are killed at random moments.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <random>

namespace test {

/// Microseconds that f takes.
template <class F>
std::int64_t duration_of(F f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start)
      .count();
}

/// Random moments, in microseconds, about half of which come before a save is done, however busy the machine.
class Moments {
 public:
  Moments(std::int64_t duration, unsigned seed) : most_(2 * duration), random_(seed) {}

  std::int64_t next() { return std::uniform_int_distribution<std::int64_t>(0, most_)(random_); }
  void adapt(bool was_done) { most_ += was_done ? -most_ / 8 : most_ / 8; }

 private:
  std::int64_t most_;
  std::mt19937 random_;  // NOLINT: the same in each run
};

/// Runs f in another process until it is killed after some microseconds.
template <class F>
void killed_after(std::int64_t microseconds, F f) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      f();
    } catch (...) {
      _exit(1);
    }
    _exit(0);
  }
  usleep(static_cast<useconds_t>(microseconds));
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
}

}  // namespace test
