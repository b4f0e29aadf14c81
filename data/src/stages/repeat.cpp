#include <vector>

#include "stages/pass.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/data/stages.hpp"

namespace xgrad::data {

namespace {

constexpr std::int64_t without_end = INT64_MAX;

// The first of several passes has the seeds that a single one has.
PassSeed seed_of(PassSeed seed, std::int64_t time) {
  return time == 0 ? seed : seed.part(static_cast<std::uint64_t>(time));
}

class RepeatPass : public Pass {
 public:
  RepeatPass(PlanPointer plan, PassSeed seed, std::int64_t times)
      : plan_(std::move(plan)), seed_(seed), times_(times) {}
  bool next(Job& job) override {
    while (time_ < times_) {
      if (!pass_) pass_ = plan_->begin(seed_of(seed_, time_));
      if (pass_->next(job)) {
        any_ = true;
        return true;
      }
      pass_.reset();
      ++time_;
      if (!any_) return false;  // of nothing there is no end
    }
    return false;
  }

 private:
  PlanPointer plan_;
  PassSeed seed_;
  std::int64_t times_, time_ = 0;
  bool any_ = false;
  std::unique_ptr<Pass> pass_;
};

class IndexedRepeatPass : public IndexedPass {
 public:
  IndexedRepeatPass(PlanPointer plan, PassSeed seed, std::int64_t times)
      : IndexedPass(*plan->size() * times), plan_(std::move(plan)), seed_(seed), rows_(*plan_->size()) {}
  Job at(std::int64_t i) override {
    const auto time = static_cast<std::size_t>(i / rows_);
    if (passes_.size() <= time) passes_.resize(time + 1);
    if (!passes_[time]) passes_[time] = begin_indexed(*plan_, seed_of(seed_, i / rows_));
    return passes_[time]->at(i % rows_);
  }

 private:
  PlanPointer plan_;
  PassSeed seed_;
  std::int64_t rows_;
  std::vector<std::unique_ptr<IndexedPass>> passes_;
};

class RepeatPlan : public Plan {
 public:
  RepeatPlan(PlanPointer plan, std::int64_t times) : plan_(std::move(plan)), times_(times) {}
  std::optional<std::int64_t> size() const override {
    const auto rows = plan_->size();
    std::int64_t all = 0;
    if (!rows || times_ == without_end || __builtin_mul_overflow(*rows, times_, &all)) return {};
    return all;
  }
  bool indexed() const override { return plan_->indexed() && size(); }
  bool random() const override { return plan_->random(); }
  std::unique_ptr<Pass> begin(PassSeed seed) const override {
    if (indexed()) return std::make_unique<IndexedRepeatPass>(plan_, seed, times_);
    return std::make_unique<RepeatPass>(plan_, seed, times_);
  }

 private:
  PlanPointer plan_;
  std::int64_t times_;
};

class TakePass : public Pass {
 public:
  TakePass(std::unique_ptr<Pass> before, std::int64_t n) : before_(std::move(before)), left_(n) {}
  bool next(Job& job) override { return left_ > 0 && (--left_, before_->next(job)); }

 private:
  std::unique_ptr<Pass> before_;
  std::int64_t left_;
};

class IndexedTakePass : public IndexedPass {
 public:
  IndexedTakePass(std::unique_ptr<IndexedPass> before, std::int64_t n)
      : IndexedPass(std::min(before->size(), n)), before_(std::move(before)) {}
  Job at(std::int64_t i) override { return before_->at(i); }
  std::optional<Origin> origin() const override { return before_->origin(); }

 private:
  std::unique_ptr<IndexedPass> before_;
};

class TakePlan : public StagePlan {
 public:
  TakePlan(PlanPointer before, std::int64_t n) : StagePlan(std::move(before)), n_(n) {}
  std::optional<std::int64_t> size() const override {
    const auto rows = before().size();
    if (!rows) return {};
    return std::min(*rows, n_);
  }
  std::unique_ptr<Pass> begin(PassSeed seed) const override {
    if (indexed()) return std::make_unique<IndexedTakePass>(begin_indexed(before(), seed), n_);
    return std::make_unique<TakePass>(before().begin(seed), n_);
  }

 private:
  std::int64_t n_;
};

Stage repeat_stage(std::int64_t times) {
  return Stage([times](const Pipeline& source) {
    return source.behind(std::make_shared<RepeatPlan>(source.plan(), times));
  });
}

}  // namespace

Stage repeat() { return repeat_stage(without_end); }

Stage repeat(std::int64_t times) {
  if (times < 0) throw Error("repeat: the number must not be negative: it is " + std::to_string(times));
  return repeat_stage(times);
}

Stage take(std::int64_t n) {
  if (n < 0) throw Error("take: the number of rows must not be negative: it is " + std::to_string(n));
  return Stage(
      [n](const Pipeline& source) { return source.behind(std::make_shared<TakePlan>(source.plan(), n)); });
}

}  // namespace xgrad::data
