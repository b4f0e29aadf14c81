#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace xgrad::parallel::detail {

/// A thread that calls a function again and again while it is wanted, which must not throw. Between two calls
/// it sleeps, so that it takes little of a core.
class Helper {
 public:
  explicit Helper(std::function<void()> f) : f_(std::move(f)), thread_([this] { work(); }) {}
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;
  ~Helper() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    wanted_changed_.notify_one();
  }

  /// To be called while `pause` is held.
  void start_locked() {
    wanted_ = true;
    wanted_changed_.notify_one();
  }
  /// Returns when it is in no call, and in none before the next start.
  void stop() {
    const std::lock_guard lock(mutex_);
    wanted_ = false;
  }
  /// Held by whoever does what must not happen in a call.
  std::unique_lock<std::mutex> pause() { return std::unique_lock(mutex_); }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      wanted_changed_.wait(lock, [this] { return wanted_ || ends_; });
      if (ends_) return;
      f_();
      lock.unlock();
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      lock.lock();
    }
  }

  std::function<void()> f_;
  std::mutex mutex_;
  std::condition_variable wanted_changed_;
  bool wanted_ = false, ends_ = false;
  std::jthread thread_;
};

}  // namespace xgrad::parallel::detail
