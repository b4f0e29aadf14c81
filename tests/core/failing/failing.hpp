#pragma once

// Allocations that fail on purpose: this program's operator new and posix_memalign count down.

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

}  // namespace xgrad::test
