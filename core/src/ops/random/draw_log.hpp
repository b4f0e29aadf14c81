#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "xgrad/core/random.hpp"

// How checkpoint draws the same random numbers twice, while other threads draw from the same generator.

namespace xgrad::detail {

/// The place in a stream of random numbers.
struct Stream {
  std::mt19937 engine;
  bool has_next_normal = false;
  double next_normal = 0;
};

/// Uses of a generator that followed each other: nobody else drew in between.
struct DrawRun {
  Stream start;
  std::uint64_t uses = 0;
};
using DrawScript = std::vector<DrawRun>;

/// Writes down where in its stream the default generator was whenever this thread used it, until the end of
/// its scope. Logs nest.
class DrawLog {
 public:
  DrawLog();
  DrawLog(const DrawLog&) = delete;
  DrawLog& operator=(const DrawLog&) = delete;
  ~DrawLog();

  DrawScript take() { return std::move(runs_); }

  /// A use of a generator begins; all logs of the thread are told.
  static void tell(const Generator::State& generator, const Stream& at, std::uint64_t use);

 private:
  const Generator::State* generator_;
  DrawScript runs_;
  std::uint64_t next_use_ = 0;
  DrawLog* outer_;
};

/// Until the end of its scope, who draws from the default generator on this thread, through whatever handle,
/// draws what a log has written down. The generator of the process is not touched.
class DrawReplay {
 public:
  explicit DrawReplay(const DrawScript& script);
  DrawReplay(const DrawReplay&) = delete;
  DrawReplay& operator=(const DrawReplay&) = delete;
  ~DrawReplay();

  /// Whether the thread computes something again: what it changed beside its value has been changed already.
  static bool is_active();

 private:
  Generator generator_;
  Generator::State* outer_;
};

}  // namespace xgrad::detail
