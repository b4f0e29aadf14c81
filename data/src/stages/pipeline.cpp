#include "xgrad/data/pipeline.hpp"

#include <mutex>

#include "stages/pass.hpp"
#include "tensor/fork.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::data {

namespace {

/// A data set as a source: a row shares its memory, and so does a batch of rows that follow each other.
class TensorSource : public Source {
 public:
  explicit TensorSource(TensorDataset set) : set_(std::move(set)) {}
  std::optional<std::int64_t> size() const override { return set_.size(); }
  bool indexed() const override { return true; }
  bool thread_safe() const override { return true; }
  Row row(std::int64_t i) const override {
    Row row;
    for (const Tensor& t : set_.tensors()) row.push_back(t[i]);
    return row;
  }
  Row gather(std::span<const std::int64_t> rows) const override {
    bool consecutive = true;
    for (std::size_t i = 1; i < rows.size(); ++i) consecutive &= rows[i] == rows[i - 1] + 1;
    Row batch;
    if (consecutive) {
      for (const Tensor& t : set_.tensors()) batch.push_back(slice(t, 0, rows.front(), rows.back() + 1));
      return batch;
    }
    const Tensor index = tensor(rows, {static_cast<std::int64_t>(rows.size())});
    for (const Tensor& t : set_.tensors()) batch.push_back(index_select(t, 0, index));
    return batch;
  }

 private:
  TensorDataset set_;
};

}  // namespace

/// Where the latest pass is. Passes may run on several threads.
struct Pipeline::Place {
  xgrad::detail::Mutex mutex;
  std::int64_t delivered = 0;
  std::int64_t order = 0, transform = 0;  ///< the seeds of the pass
  std::int64_t pass = 0;                  ///< counts them: only the latest one says where it is
  bool loaded = false;                    ///< the next pass goes on from here

  Place() = default;
  Place(const Place& o) : delivered(o.delivered), order(o.order), transform(o.transform), loaded(o.loaded) {}
};

Pipeline::Pipeline(std::shared_ptr<const Plan> plan, Generator generator)
    : plan_(std::move(plan)), generator_(std::move(generator)), place_(std::make_shared<Place>()) {}
Pipeline::Pipeline(std::shared_ptr<const Source> source) : Pipeline(plan_of(std::move(source))) {}
Pipeline::Pipeline(TensorDataset set)
    : Pipeline(std::shared_ptr<const Source>(std::make_shared<TensorSource>(std::move(set)))) {}

Pipeline::Pipeline(const Pipeline& o)
    : plan_(o.plan_), generator_(o.generator_), place_(std::make_shared<Place>(*o.place_)) {}
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline o) noexcept {
  std::swap(plan_, o.plan_);
  std::swap(generator_, o.generator_);
  std::swap(place_, o.place_);
  return *this;
}
Pipeline::~Pipeline() = default;

std::optional<std::int64_t> Pipeline::size() const { return plan_->size(); }
Pipeline Pipeline::with(Generator generator) const { return Pipeline(plan_, std::move(generator)); }
Pipeline Pipeline::behind(std::shared_ptr<const Plan> plan) const {
  return Pipeline(std::move(plan), generator_);
}

void Pipeline::visit(Visitor& v) {
  v("delivered", place_->delivered), v("order", place_->order), v("transform", place_->transform);
  v("generator", generator_);
  v.check([this] {
    const auto rows = size();
    if (place_->delivered < 0 || (rows && place_->delivered > *rows))
      throw Error("Pipeline: what was delivered must be at most what there is: it is " +
                  std::to_string(place_->delivered) + (rows ? " of " + std::to_string(*rows) : ""));
  });
  v.loaded([this] {
    place_->loaded = true;
    ++place_->pass;
  });
}

Pipeline::Iterator::Iterator(Iterator&&) noexcept = default;
Pipeline::Iterator& Pipeline::Iterator::operator=(Iterator&&) noexcept = default;
Pipeline::Iterator::~Iterator() = default;

Pipeline::Iterator::Iterator(const Pipeline& pipeline) : place_(pipeline.place_) {
  const NoGrad guard;
  const bool random = pipeline.plan_->random();
  PassSeed seed;
  bool goes_on = false;
  {
    const std::lock_guard lock(place_->mutex);
    goes_on = std::exchange(place_->loaded, false) && place_->delivered > 0;
    if (goes_on) {
      delivered_ = place_->delivered;
      seed = {static_cast<std::uint64_t>(place_->transform), static_cast<std::uint64_t>(place_->order)};
    }
  }
  if (!goes_on &&
      random) {  // as PyTorch's DataLoader draws: a seed for its workers, then one for its sampler
    Generator g = pipeline.generator_;
    seed.transform = g.draw64() & INT64_MAX;
    seed.order = g.draw64() & INT64_MAX;
  }
  {
    const std::lock_guard lock(place_->mutex);
    number_ = ++place_->pass;
    place_->delivered = delivered_;
    place_->transform = static_cast<std::int64_t>(seed.transform);
    place_->order = static_cast<std::int64_t>(seed.order);
  }
  pass_ = pipeline.plan_->begin(seed);
  pass_->skip(delivered_);
  fetch();
}

void Pipeline::Iterator::fetch() {
  const NoGrad guard;
  Job job;
  at_end_ = !pass_->next(job);
  if (at_end_) {
    batch_ = Batch();
  } else {
    ++delivered_;
    batch_ = Batch(job.make());
  }
  tell();
}

/// Says what was delivered, or that this was the end, if no later pass has begun.
void Pipeline::Iterator::tell() const {
  const std::lock_guard lock(place_->mutex);
  if (place_->pass == number_) place_->delivered = at_end_ ? 0 : delivered_;
}

}  // namespace xgrad::data
