#pragma once

// Allocations that fail on purpose: this program's operator new and posix_memalign count down.

#include <doctest/doctest.h>

#include <cstdint>
#include <exception>

#include "xgrad/core/buffer.hpp"

namespace xgrad::test {

/// The n-th allocation of this thread from now on fails, counted from 0, until the end of the scope.
class FailingAllocation {
 public:
  explicit FailingAllocation(int n);
  FailingAllocation(const FailingAllocation&) = delete;
  ~FailingAllocation();

  /// Whether it has come to that.
  bool failed() const;
};

/// Blocks of operator new that are not deleted, of all threads.
std::int64_t live_blocks();

/// Calls f with the first, second, ... allocation failing until none does, and `check` wherever f gives up: a
/// sort does not, it takes a slower way. Checks that nothing is left of all these calls.
template <class Before, class F, class Check>
int fail_everywhere(Before before, F f, Check check) {
  before(), f();  // what is made once for the process is made here
  std::int64_t blocks = 0, reserved = 0;
  int k = 0;
  for (bool failed = true; failed; ++k) {
    bool thrown = false;
    before();
    empty_cache();
    if (k == 0) blocks = live_blocks(), reserved = memory_stats().reserved_bytes;
    CHECK(live_blocks() == blocks);
    CHECK(memory_stats().reserved_bytes == reserved);
    {
      const FailingAllocation failing(k);
      try {
        f();
      } catch (const std::exception&) {
        thrown = true;
      }
      failed = failing.failed();
    }
    if (thrown) check();
  }
  return k;
}

}  // namespace xgrad::test
