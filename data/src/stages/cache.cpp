#include <map>

#include "stages/pass.hpp"
#include "tensor/fork.hpp"
#include "xgrad/data/stages.hpp"

namespace xgrad::data {

namespace {

/// The rows that were made, by their number in the pass; shared by all passes.
class Kept {
 public:
  std::optional<Row> find(std::int64_t i) const {
    const std::lock_guard lock(mutex_);
    const auto at = rows_.find(i);
    return at == rows_.end() ? std::nullopt : std::optional(at->second);
  }
  void keep(std::int64_t i, const Row& row) {
    const std::lock_guard lock(mutex_);
    rows_.emplace(i, row);
  }
  /// Says how many there are in all.
  void set_size(std::int64_t n) {
    const std::lock_guard lock(mutex_);
    size_ = n;
  }
  /// The number of rows, once all of them are here.
  std::optional<std::int64_t> complete() const {
    const std::lock_guard lock(mutex_);
    return size_ == static_cast<std::int64_t>(rows_.size()) ? std::optional(size_) : std::nullopt;
  }

 private:
  mutable xgrad::detail::Mutex mutex_;
  std::map<std::int64_t, Row> rows_;
  std::int64_t size_ = -1;
};

Job kept(std::shared_ptr<Kept> rows, std::int64_t i, Job job) {
  return {job.row, [rows = std::move(rows), i, make = std::move(job.make)] {
            if (auto row = rows->find(i)) return *std::move(row);
            Row row = make();
            rows->keep(i, row);
            return row;
          }};
}

class IndexedCachePass : public IndexedPass {
 public:
  IndexedCachePass(std::unique_ptr<IndexedPass> before, std::shared_ptr<Kept> rows)
      : IndexedPass(before->size()), before_(std::move(before)), rows_(std::move(rows)) {}
  Job at(std::int64_t i) override {
    if (auto row = rows_->find(i)) return {i, [row = *std::move(row)] { return row; }};
    return kept(rows_, i, before_->at(i));
  }

 private:
  std::unique_ptr<IndexedPass> before_;
  std::shared_ptr<Kept> rows_;
};

class CachePass : public Pass {
 public:
  CachePass(const Plan& before, PassSeed seed, std::shared_ptr<Kept> rows)
      : rows_(std::move(rows)), complete_(rows_->complete()) {
    if (!complete_) before_ = before.begin(seed);
  }
  bool next(Job& job) override {
    if (complete_) {
      if (place_ >= *complete_) return false;
      job = {place_, [row = rows_->find(place_).value()] { return row; }};
      ++place_;
      return true;
    }
    if (!before_->next(job)) {
      rows_->set_size(place_);
      return false;
    }
    job = kept(rows_, place_++, std::move(job));
    return true;
  }

 private:
  std::shared_ptr<Kept> rows_;
  std::optional<std::int64_t> complete_;
  std::unique_ptr<Pass> before_;
  std::int64_t place_ = 0;
};

class CachePlan : public StagePlan {
 public:
  CachePlan(PlanPointer before, std::uint64_t seed) : StagePlan(std::move(before)), seed_(seed) {}
  bool random() const override { return false; }
  std::unique_ptr<Pass> begin(PassSeed) const override {
    const PassSeed seed{mix(seed_, 0), mix(seed_, 1)};
    if (indexed()) return std::make_unique<IndexedCachePass>(begin_indexed(before(), seed), rows_);
    return std::make_unique<CachePass>(before(), seed, rows_);
  }

 private:
  std::uint64_t seed_;
  std::shared_ptr<Kept> rows_ = std::make_shared<Kept>();
};

}  // namespace

Stage cache(CacheOptions options) {
  return Stage([seed = options.seed](const Pipeline& source) {
    return source.behind(std::make_shared<CachePlan>(source.plan(), seed));
  });
}

}  // namespace xgrad::data
