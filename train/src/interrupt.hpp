#pragma once

namespace xgrad::train {

/// Takes SIGINT as long as it lives, where the program has left it to the system: the first one is told by
/// `asked`, the second one ends the program. There may be several at once, on any threads.
class InterruptGuard {
 public:
  explicit InterruptGuard(bool wanted);
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

  bool asked() const;

 private:
  bool wanted_;
};

}  // namespace xgrad::train
