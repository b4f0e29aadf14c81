#include "interrupt.hpp"

#include <atomic>
#include <csignal>
#include <mutex>

namespace xgrad::train {

namespace {

std::atomic<bool> is_asked = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a handler of signals may use what needs no lock only");

std::mutex mutex;
int guards = 0;
bool is_taken = false;
struct sigaction before = {};

void take_default() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(SIGINT, &action, nullptr);
}

void on_interrupt(int) {
  if (is_asked.exchange(true)) {
    take_default();
    std::raise(SIGINT);
  }
}

}  // namespace

InterruptGuard::InterruptGuard(bool wanted) : wanted_(wanted) {
  if (!wanted_) return;
  const std::lock_guard lock(mutex);
  if (guards++ > 0) return;
  sigaction(SIGINT, nullptr, &before);
  is_taken = before.sa_handler == SIG_DFL && (before.sa_flags & SA_SIGINFO) == 0;
  is_asked = false;
  if (!is_taken) return;
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

InterruptGuard::~InterruptGuard() {
  if (!wanted_) return;
  const std::lock_guard lock(mutex);
  if (--guards == 0 && is_taken) sigaction(SIGINT, &before, nullptr);
}

bool InterruptGuard::asked() const { return wanted_ && is_asked.load(std::memory_order_relaxed); }

}  // namespace xgrad::train
