#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "stages/pass.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/data/stages.hpp"

namespace xgrad::data {

namespace {

/// A row that is made, or why it is not.
struct Made {
  std::int64_t number = 0;
  Row row = {};
  std::exception_ptr error = {};
};

class PrefetchPass : public Pass {
 public:
  PrefetchPass(std::unique_ptr<Pass> before, int workers, std::int64_t ahead)
      : before_(std::move(before)), workers_(workers), ahead_(ahead) {}

  ~PrefetchPass() override {
    {
      const std::lock_guard lock(mutex_);
      stops_ = true;
    }
    room_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  bool next(Job& job) override {
    for (int i = static_cast<int>(threads_.size()); i < workers_; ++i)
      threads_.emplace_back([this] { work(); });
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return made_.contains(taken_) || (ended_ && taken_ == begun_); });
    const auto at = made_.find(taken_);
    if (at == made_.end()) return false;
    Made made = std::move(at->second);
    made_.erase(at);
    ++taken_;
    lock.unlock();
    room_.notify_one();
    job = {made.number, [made = std::move(made)] {
             if (made.error) std::rethrow_exception(made.error);
             return made.row;
           }};
    return true;
  }

  void skip(std::int64_t n) override {
    if (threads_.empty())
      before_->skip(n);
    else
      Pass::skip(n);
  }

 private:
  /// Takes the next job in turn; nothing at the end. An error of the source is one of the row, and the last.
  bool begin(Job& job, std::int64_t& place) {
    const std::lock_guard turn(turn_);
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [this] { return stops_ || ended_ || begun_ - taken_ < ahead_; });
      if (stops_ || ended_) return false;
    }
    bool more = false;
    try {
      more = before_->next(job);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      made_[begun_++] = {.error = std::current_exception()};
    }
    const std::lock_guard lock(mutex_);
    if (more) place = begun_++;
    ended_ = !more;
    if (ended_) ready_.notify_all(), room_.notify_all();
    return more;
  }

  void work() {
    const NoGrad guard;
    Job job;
    for (std::int64_t place = 0; begin(job, place);) {
      Made made{.number = job.row};
      try {
        made.row = job.make();
      } catch (...) {
        made.error = std::current_exception();
      }
      job.make = nullptr;
      const std::lock_guard lock(mutex_);
      made_[place] = std::move(made);
      if (place == taken_) ready_.notify_all();
    }
  }

  std::unique_ptr<Pass> before_;
  int workers_;
  std::int64_t ahead_;

  std::mutex turn_;   // of who asks the pass before this one
  std::mutex mutex_;  // of what follows
  std::condition_variable ready_, room_;
  std::map<std::int64_t, Made> made_;
  std::int64_t begun_ = 0, taken_ = 0;
  bool ended_ = false, stops_ = false;

  std::vector<std::thread> threads_;
};

class PrefetchPlan : public StagePlan {
 public:
  PrefetchPlan(PlanPointer before, int workers, std::int64_t ahead)
      : StagePlan(std::move(before)), workers_(workers), ahead_(ahead) {}
  bool indexed() const override { return false; }
  std::unique_ptr<Pass> begin(PassSeed seed) const override {
    return std::make_unique<PrefetchPass>(before().begin(seed), workers_, ahead_);
  }

 private:
  int workers_;
  std::int64_t ahead_;
};

}  // namespace

Stage prefetch(int workers, PrefetchOptions options) {
  if (workers < 0 || workers > 1024)
    throw Error("prefetch: the number of workers must lie in 0 to 1024: it is " + std::to_string(workers));
  if (options.ahead < 0)
    throw Error("prefetch: the rows ahead must not be negative: they are " + std::to_string(options.ahead));
  return Stage([=](const Pipeline& source) {
    if (workers == 0) return source;
    const std::int64_t ahead = options.ahead > 0 ? options.ahead : 2 * workers;
    return source.behind(std::make_shared<PrefetchPlan>(source.plan(), workers, ahead));
  });
}

}  // namespace xgrad::data
