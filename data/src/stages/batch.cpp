#include <algorithm>

#include "stages/pass.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/data/stages.hpp"

namespace xgrad::data {

namespace {

using Collate = std::function<Row(std::span<const Row>)>;

/// The tensors with their leading axis filled up to the longest.
Tensor padded(const std::vector<Row>& rows, std::size_t k, double value) {
  std::int64_t longest = 0;
  for (const Row& row : rows) longest = std::max(longest, row[k].shape()[0]);
  Shape shape = rows[0][k].shape();
  shape[0] = longest;
  std::vector<Row> filled;
  for (const Row& row : rows) {
    Tensor whole = full(shape, value, {.dtype = row[k].dtype()});
    if (row[k].numel() > 0) whole.slice(0, 0, row[k].shape()[0]).copy_(row[k]);
    filled.push_back({whole});
  }
  return stack_rows(filled)[0];
}

void check_sequences(std::span<const Row> rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bool right = !rows[i].empty() && rows[i].size() == rows[0].size();
    for (std::size_t k = 0; right && k < rows[i].size(); ++k) {
      const Tensor &a = rows[0][k], &b = rows[i][k];
      right = a.dim() == b.dim() && a.dtype() == b.dtype();
      for (int axis = 1; right && axis < a.dim(); ++axis) right = a.shape()[axis] == b.shape()[axis];
    }
    if (!right)
      throw Error("batch: rows to be filled up must be alike but for their leading sizes: row " +
                  std::to_string(i) + " of the batch is another than row 0");
  }
}

/// Stacked, sequences filled up, and the lengths behind them.
Row collate_padded(std::span<const Row> span, double value) {
  check_sequences(span);
  const std::vector<Row> rows(span.begin(), span.end());
  Row batch;
  for (std::size_t k = 0; k < rows[0].size(); ++k) {
    if (rows[0][k].dim() > 0) {
      batch.push_back(padded(rows, k, value));
      continue;
    }
    std::vector<Row> column;
    for (const Row& row : rows) column.push_back({row[k]});
    batch.push_back(stack_rows(column)[0]);
  }
  std::vector<std::int64_t> lengths;
  for (const Row& row : rows) lengths.push_back(row[0].dim() > 0 ? row[0].shape()[0] : 1);
  batch.push_back(tensor(lengths));
  return batch;
}

Collate collate_of(const BatchOptions& options) {
  if (options.collate) return options.collate;
  if (options.padding)
    return [value = *options.padding](std::span<const Row> rows) { return collate_padded(rows, value); };
  return stack_rows;
}

Job batched(std::vector<Job> jobs, const std::shared_ptr<const Collate>& collate) {
  const std::int64_t first = jobs.front().row;
  return {first, [jobs = std::move(jobs), collate, first] {
            std::vector<Row> rows;
            rows.reserve(jobs.size());
            for (const Job& job : jobs) rows.push_back(job.make());
            return at_row("batch", first, [&] { return (*collate)(rows); });
          }};
}

class BatchPass : public Pass {
 public:
  BatchPass(std::unique_ptr<Pass> before, std::int64_t size, bool drop_last,
            std::shared_ptr<const Collate> collate)
      : before_(std::move(before)), size_(size), drop_last_(drop_last), collate_(std::move(collate)) {}
  bool next(Job& job) override {
    std::vector<Job> jobs;
    Job one;
    while (static_cast<std::int64_t>(jobs.size()) < size_ && before_->next(one))
      jobs.push_back(std::move(one));
    if (jobs.empty() || (drop_last_ && static_cast<std::int64_t>(jobs.size()) < size_)) return false;
    job = batched(std::move(jobs), collate_);
    return true;
  }

 private:
  std::unique_ptr<Pass> before_;
  std::int64_t size_;
  bool drop_last_;
  std::shared_ptr<const Collate> collate_;
};

class IndexedBatchPass : public IndexedPass {
 public:
  IndexedBatchPass(std::unique_ptr<IndexedPass> before, std::int64_t batches, std::int64_t size,
                   bool whole_batches, std::shared_ptr<const Collate> collate)
      : IndexedPass(batches), before_(std::move(before)), size_(size), collate_(std::move(collate)) {
    if (whole_batches) origin_ = before_->origin();
  }
  Job at(std::int64_t i) override {
    const std::int64_t start = i * size_, stop = std::min(start + size_, before_->size());
    if (origin_) return gathered(start, stop);
    std::vector<Job> jobs;
    for (std::int64_t row = start; row < stop; ++row) jobs.push_back(before_->at(row));
    return batched(std::move(jobs), collate_);
  }

 private:
  /// The source makes the batch, which saves it the single rows.
  Job gathered(std::int64_t start, std::int64_t stop) const {
    std::vector<std::int64_t> rows;
    rows.reserve(static_cast<std::size_t>(stop - start));
    for (std::int64_t i = start; i < stop; ++i) rows.push_back(origin_->row(i));
    const std::int64_t first = rows.front();
    const auto make = [source = origin_->source, rows = std::move(rows), first] {
      return at_row("Source", first, [&] { return source->gather(rows); });
    };
    if (origin_->source->thread_safe()) return {first, make};
    return {first, [row = make()] { return row; }};
  }

  std::unique_ptr<IndexedPass> before_;
  std::int64_t size_;
  std::shared_ptr<const Collate> collate_;
  std::optional<Origin> origin_;
};

class BatchPlan : public StagePlan {
 public:
  BatchPlan(PlanPointer before, std::int64_t size, const BatchOptions& options)
      : StagePlan(std::move(before)),
        size_(size),
        drop_last_(options.drop_last),
        stacks_(!options.collate && !options.padding),
        collate_(std::make_shared<const Collate>(collate_of(options))) {}
  std::optional<std::int64_t> size() const override {
    const auto rows = before().size();
    if (!rows) return {};
    return *rows / size_ + (*rows % size_ != 0 && !drop_last_);
  }
  std::unique_ptr<Pass> begin(PassSeed seed) const override {
    if (indexed())
      return std::make_unique<IndexedBatchPass>(begin_indexed(before(), seed), *size(), size_, stacks_,
                                                collate_);
    return std::make_unique<BatchPass>(before().begin(seed), size_, drop_last_, collate_);
  }

 private:
  std::int64_t size_;
  bool drop_last_, stacks_;
  std::shared_ptr<const Collate> collate_;
};

}  // namespace

Stage batch(std::int64_t size, BatchOptions options) {
  if (size < 1) throw Error("batch: the size must be at least 1: it is " + std::to_string(size));
  if (options.collate && options.padding)
    throw Error("batch: a collate function and padding exclude each other; leave one out");
  return Stage([size, options = std::move(options)](const Pipeline& source) {
    return source.behind(std::make_shared<BatchPlan>(source.plan(), size, options));
  });
}

}  // namespace xgrad::data
