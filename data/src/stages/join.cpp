#include <vector>

#include "stages/pass.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/data/stages.hpp"

namespace xgrad::data {

namespace {

std::vector<PlanPointer> plans_of(const char* stage, const std::vector<Pipeline>& sources) {
  if (sources.empty()) throw Error(std::string(stage) + ": it needs a source: there is none");
  std::vector<PlanPointer> plans;
  for (const Pipeline& source : sources) plans.push_back(source.plan());
  return plans;
}

PassSeed seed_of(PassSeed seed, std::size_t source) { return source == 0 ? seed : seed.part(source); }

/// A plan of several sources.
class JoinPlan : public Plan {
 public:
  explicit JoinPlan(std::vector<PlanPointer> plans) : plans_(std::move(plans)) {}
  bool indexed() const override {
    return std::all_of(plans_.begin(), plans_.end(), [](const auto& p) { return p->indexed(); });
  }
  bool random() const override {
    return std::any_of(plans_.begin(), plans_.end(), [](const auto& p) { return p->random(); });
  }

 protected:
  std::vector<std::unique_ptr<Pass>> passes(PassSeed seed) const {
    std::vector<std::unique_ptr<Pass>> all;
    for (std::size_t k = 0; k < plans_.size(); ++k) all.push_back(plans_[k]->begin(seed_of(seed, k)));
    return all;
  }
  std::vector<std::unique_ptr<IndexedPass>> indexed_passes(PassSeed seed) const {
    std::vector<std::unique_ptr<IndexedPass>> all;
    for (std::size_t k = 0; k < plans_.size(); ++k)
      all.push_back(begin_indexed(*plans_[k], seed_of(seed, k)));
    return all;
  }
  const std::vector<PlanPointer>& plans() const { return plans_; }

 private:
  std::vector<PlanPointer> plans_;
};

class ConcatPass : public Pass {
 public:
  explicit ConcatPass(std::vector<std::unique_ptr<Pass>> passes) : passes_(std::move(passes)) {}
  bool next(Job& job) override {
    for (; at_ < passes_.size(); ++at_)
      if (passes_[at_]->next(job)) return true;
    return false;
  }

 private:
  std::vector<std::unique_ptr<Pass>> passes_;
  std::size_t at_ = 0;
};

class IndexedConcatPass : public IndexedPass {
 public:
  IndexedConcatPass(std::vector<std::unique_ptr<IndexedPass>> passes, std::int64_t size)
      : IndexedPass(size), passes_(std::move(passes)) {}
  Job at(std::int64_t i) override {
    std::size_t k = 0;
    while (i >= passes_[k]->size()) i -= passes_[k++]->size();
    return passes_[k]->at(i);
  }

 private:
  std::vector<std::unique_ptr<IndexedPass>> passes_;
};

class ConcatPlan : public JoinPlan {
 public:
  using JoinPlan::JoinPlan;
  std::optional<std::int64_t> size() const override {
    std::int64_t all = 0;
    for (const auto& plan : plans()) {
      const auto rows = plan->size();
      if (!rows) return {};
      all += *rows;
    }
    return all;
  }
  std::unique_ptr<Pass> begin(PassSeed seed) const override {
    if (indexed()) return std::make_unique<IndexedConcatPass>(indexed_passes(seed), *size());
    return std::make_unique<ConcatPass>(passes(seed));
  }
};

Job zipped(std::vector<Job> jobs, std::int64_t row) {
  return {row, [jobs = std::move(jobs)] {
            Row all;
            for (const Job& job : jobs)
              for (Tensor& t : job.make()) all.push_back(std::move(t));
            return all;
          }};
}

class ZipPass : public Pass {
 public:
  explicit ZipPass(std::vector<std::unique_ptr<Pass>> passes) : passes_(std::move(passes)) {}
  bool next(Job& job) override {
    std::vector<Job> jobs(passes_.size());
    std::size_t more = 0;
    for (std::size_t k = 0; k < passes_.size(); ++k) more += passes_[k]->next(jobs[k]);
    if (more == 0) return false;
    if (more < passes_.size())
      throw Error("zip: the sources must have equally many rows; take the first ones: one ends after " +
                  std::to_string(row_));
    job = zipped(std::move(jobs), row_++);
    return true;
  }

 private:
  std::vector<std::unique_ptr<Pass>> passes_;
  std::int64_t row_ = 0;
};

class IndexedZipPass : public IndexedPass {
 public:
  explicit IndexedZipPass(std::vector<std::unique_ptr<IndexedPass>> passes)
      : IndexedPass(passes[0]->size()), passes_(std::move(passes)) {}
  Job at(std::int64_t i) override {
    std::vector<Job> jobs;
    for (const auto& pass : passes_) jobs.push_back(pass->at(i));
    return zipped(std::move(jobs), i);
  }

 private:
  std::vector<std::unique_ptr<IndexedPass>> passes_;
};

class ZipPlan : public JoinPlan {
 public:
  explicit ZipPlan(std::vector<PlanPointer> sources) : JoinPlan(std::move(sources)) {
    for (const auto& plan : plans()) {
      const auto rows = plan->size();
      if (rows && size_ && *rows != *size_)
        throw Error("zip: the sources must have equally many rows; take the first ones: they have " +
                    std::to_string(*size_) + " and " + std::to_string(*rows));
      if (rows) size_ = rows;
    }
  }
  std::optional<std::int64_t> size() const override { return size_; }
  std::unique_ptr<Pass> begin(PassSeed seed) const override {
    if (indexed()) return std::make_unique<IndexedZipPass>(indexed_passes(seed));
    return std::make_unique<ZipPass>(passes(seed));
  }

 private:
  std::optional<std::int64_t> size_;
};

}  // namespace

Pipeline concat(const std::vector<Pipeline>& sources) {
  auto plan = std::make_shared<ConcatPlan>(plans_of("concat", sources));
  return sources.front().behind(std::move(plan));
}

Pipeline zip(const std::vector<Pipeline>& sources) {
  auto plan = std::make_shared<ZipPlan>(plans_of("zip", sources));
  return sources.front().behind(std::move(plan));
}

}  // namespace xgrad::data
