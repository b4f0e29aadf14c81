#pragma once

#include <atomic>
#include <mutex>
#include <utility>

// What makes `fork` safe while other threads are inside the library: a child has only the thread that forked,
// so a lock that another one held would stay locked for ever.

namespace xgrad::detail {

/// A mutex that is free in a child: a fork waits until it has taken every one of the process. No two are ever
/// held by one thread at a time.
class Mutex {
 public:
  Mutex();
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  ~Mutex();

  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  friend class AllMutexes;

  std::mutex mutex_;
  Mutex* next_ = nullptr;  // in the list of all
  Mutex* previous_ = nullptr;
};

/// Between enter and leave, a thread is in code with locks that we can't take, as OpenBLAS's: a fork waits
/// until nobody is there, and lets nobody in. No Mutex is held by who enters.
class Passage {
 public:
  /// Returns how many are inside now.
  static int enter() {
    int inside = inside_.fetch_add(1) + 1;
    if (closed_) [[unlikely]]
      inside = wait_outside();
    return inside;
  }
  static void leave() { inside_.fetch_sub(1); }

 private:
  friend class AllMutexes;
  static int wait_outside();

  static inline constinit std::atomic<int> inside_ = 0;
  static inline constinit std::atomic<bool> closed_ = false;
};

/// The one T of the process, made by the first call and never destroyed. Other than with a static local
/// variable, no thread waits for another that is making it, which a forked child would do for ever.
template <class T, class... Arguments>
T& process_wide(std::atomic<T*>& at, Arguments&&... arguments) {
  T* found = at.load(std::memory_order_acquire);
  if (found) return *found;
  T* made = new T(std::forward<Arguments>(arguments)...);
  if (at.compare_exchange_strong(found, made)) return *made;
  delete made;
  return *found;
}

}  // namespace xgrad::detail
