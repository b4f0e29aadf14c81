#pragma once

// Allocations that fail on purpose: this program's operator new and posix_memalign count down.

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

/// Calls f with the first, second, ... allocation failing until none does, and `check` wherever f gives up: a
/// sort does not, it takes a slower way.
template <class Before, class F, class Check>
int fail_everywhere(Before before, F f, Check check) {
  int k = 0;
  for (bool failed = true; failed; ++k) {
    bool thrown = false;
    before();
    empty_cache();
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
