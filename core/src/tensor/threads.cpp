#include "xgrad/core/threads.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "tensor/fork.hpp"
#include "xgrad/core/denormals.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad {

namespace {

constexpr int most_threads = 1024;

std::atomic<int> chosen = 0;  // 0: neither set nor read from the environment yet

/// The cores that the process may run on.
int available_cores() {
  cpu_set_t set;
  const int cores =
      sched_getaffinity(0, sizeof set, &set) == 0  // fails where there are more than a set holds
          ? CPU_COUNT(&set)
          : static_cast<int>(std::thread::hardware_concurrency());
  return std::clamp(cores, 1, most_threads);
}

int default_threads() {
  const char* text = std::getenv("XGRAD_NUM_THREADS");
  if (!text || !*text) return available_cores();
  int n = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, n);
  if (error != std::errc() || rest != end || n < 1 || n > most_threads)
    throw Error("num_threads: the environment variable XGRAD_NUM_THREADS must be a number from 1 to " +
                std::to_string(most_threads) + ", or unset, for all cores: it is \"" + text + "\"");
  return n;
}

/// Blocks that several threads take in their order.
struct Job {
  std::int64_t n, size, blocks;
  const void* f;
  void (*call)(const void*, std::int64_t, std::int64_t);
  unsigned modes = detail::floating_point_modes();  // of the thread that brought it

  std::atomic<std::int64_t> next = 0;
  std::mutex mutex{};  // of what follows
  std::int64_t failed = 0;
  std::exception_ptr error = nullptr;

  /// Runs blocks until none is left. Those before one that throws have been taken, so that the first of all
  /// that throw is always found.
  void work() {
    for (std::int64_t k; (k = next.fetch_add(1, std::memory_order_relaxed)) < blocks;) {
      try {
        call(f, k * size, std::min(n, (k + 1) * size));
      } catch (...) {
        next.store(blocks, std::memory_order_relaxed);
        const std::lock_guard lock(mutex);
        if (!error || k < failed) error = std::current_exception(), failed = k;
      }
    }
  }
};

thread_local bool inside = false;  // the thread runs blocks of a job

/// Waits for what is about to happen, without giving up the core.
template <class F>
void wait_shortly(F happened) {
  for (int i = 0; i < 1000 && !happened(); ++i)
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
}

/// Threads that sleep until there is a job. One job at a time: a second one runs on the thread that brought
/// it.
class Pool {
 public:
  void run(Job& job, int threads) {
    {
      const std::lock_guard lock(mutex_);
      if (!job_ && !stopped_) {
        start(threads - 1);
        job_ = &job;
        const auto workers = static_cast<std::int64_t>(workers_.size());
        wanted_ = static_cast<int>(std::min({std::int64_t{threads} - 1, job.blocks - 1, workers}));
      }
    }
    const bool shared = job_ == &job;
    if (shared) wake_.notify_all();
    inside = true;
    job.work();
    inside = false;
    if (!shared) return;
    wait_shortly([&] { return active_ == 0; });
    std::unique_lock lock(mutex_);
    wanted_ = 0;  // who has not come yet is late
    done_.wait(lock, [&] { return active_ == 0; });
    job_ = nullptr;
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
    for (std::thread& t : workers_) t.join();
    workers_.clear();
  }

 private:
  /// Starts what is missing; where the system gives no more threads, there are fewer.
  void start(int workers) {
    try {
      while (static_cast<int>(workers_.size()) < workers) workers_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
    }
  }

  void work() {
    inside = true;
    for (;;) {
      wait_shortly([&] { return wanted_ > 0; });
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopped_ || wanted_ > 0; });
      if (stopped_) return;
      --wanted_, ++active_;
      Job& job = *job_;
      lock.unlock();
      detail::set_floating_point_modes(job.modes);
      job.work();
      lock.lock();
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> workers_;
  std::atomic<Job*> job_ = nullptr;  // these are changed under the mutex
  std::atomic<int> wanted_ = 0;      // workers that may still join the job
  std::atomic<int> active_ = 0;      // workers that have joined
  bool stopped_ = false;
};

constinit std::atomic<Pool*> pool = nullptr;  // never destroyed: static objects that compute may outlive it

// Its threads end with the program; a child process that is forked has none and gets a pool of its own.
[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, [] { pool = nullptr; });
const struct Stop {
  ~Stop() {
    if (Pool* p = pool) p->stop();
  }
} at_exit;

}  // namespace

int num_threads() {
  int n = chosen.load(std::memory_order_relaxed);
  if (n != 0) return n;
  const int found = default_threads();
  return chosen.compare_exchange_strong(n, found) ? found : n;
}

void set_num_threads(int n) {
  if (n < 1 || n > most_threads)
    throw Error("set_num_threads: the number must lie between 1, for the calling one alone, and " +
                std::to_string(most_threads) + ": it is " + std::to_string(n));
  chosen = n;
}

int detail::free_threads() { return inside ? 1 : num_threads(); }

void detail::run_blocks(std::int64_t n, std::int64_t size, const void* f,
                        void (*call)(const void*, std::int64_t, std::int64_t)) {
  if (n <= 0) return;
  if (n <= size) return call(f, 0, n);
  const std::int64_t blocks = (n + size - 1) / size;
  if (const int threads = free_threads(); threads > 1) {
    Job job{.n = n, .size = size, .blocks = blocks, .f = f, .call = call};
    detail::process_wide(pool).run(job, threads);
    if (job.error) std::rethrow_exception(job.error);
    return;
  }
  for (std::int64_t k = 0; k < blocks; ++k) call(f, k * size, std::min(n, (k + 1) * size));
}

}  // namespace xgrad
