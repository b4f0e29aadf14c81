#include <algorithm>
#include <vector>

#include "stages/pass.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/data/stages.hpp"

namespace xgrad::data {

namespace {

class OrderedPass : public IndexedPass {
 public:
  OrderedPass(std::unique_ptr<IndexedPass> before, Tensor order)
      : IndexedPass(order.numel()), before_(std::move(before)), order_(std::move(order)) {}
  Job at(std::int64_t i) override { return before_->at(row(i)); }
  std::optional<Origin> origin() const override {
    auto inner = before_->origin();
    if (!inner) return {};
    return Origin{inner->source, [order = order_, row = std::move(inner->row)](std::int64_t i) {
                    return row(order.data<std::int64_t>()[static_cast<std::size_t>(i)]);
                  }};
  }

 private:
  std::int64_t row(std::int64_t i) const { return order_.data<std::int64_t>()[static_cast<std::size_t>(i)]; }

  std::unique_ptr<IndexedPass> before_;
  Tensor order_;
};

void check_rows(const char* stage, const Tensor& order, std::int64_t size, std::int64_t n) {
  if (order.dtype() != int64 || order.shape() != Shape{size})
    throw Error(std::string(stage) + ": the sampler must give i64[" + std::to_string(size) + "]: it gave " +
                order.describe());
  for (const std::int64_t i : order.data<std::int64_t>())
    if (i < 0 || i >= n)
      throw Error(std::string(stage) + ": the sampler must name rows 0 to " + std::to_string(n - 1) +
                  ": it named " + std::to_string(i));
}

class OrderedPlan : public StagePlan {
 public:
  OrderedPlan(PlanPointer before, std::int64_t size, bool random,
              std::function<Tensor(std::int64_t, Generator)> order, const char* stage)
      : StagePlan(std::move(before)), size_(size), random_(random), order_(std::move(order)), stage_(stage) {}
  std::optional<std::int64_t> size() const override { return size_; }
  bool random() const override { return random_ || StagePlan::random(); }
  std::unique_ptr<Pass> begin(PassSeed seed) const override {
    const std::int64_t n = before().size().value();
    Tensor order = order_(n, Generator(seed.order));
    check_rows(stage_, order, size_, n);
    const PassSeed inner = random_ ? PassSeed{seed.transform, mix(seed.order, 0)} : seed;
    return std::make_unique<OrderedPass>(begin_indexed(before(), inner), std::move(order));
  }

 private:
  std::int64_t size_;
  bool random_;
  std::function<Tensor(std::int64_t, Generator)> order_;
  const char* stage_;
};

/// Draws from the rows that wait; the next of the source takes the place of the one that was drawn.
class BufferPass : public Pass {
 public:
  BufferPass(std::unique_ptr<Pass> before, std::int64_t size, std::uint64_t seed)
      : before_(std::move(before)), size_(static_cast<std::size_t>(size)), generator_(seed) {}
  bool next(Job& job) override {
    for (Job more; !ended_ && waiting_.size() < size_;) {
      ended_ = !before_->next(more);
      if (!ended_) waiting_.push_back(std::move(more));
    }
    if (waiting_.empty()) return false;
    std::swap(waiting_[generator_.draw64() % waiting_.size()], waiting_.back());
    job = std::move(waiting_.back());
    waiting_.pop_back();
    return true;
  }

 private:
  std::unique_ptr<Pass> before_;
  std::size_t size_;
  Generator generator_;
  std::vector<Job> waiting_;
  bool ended_ = false;
};

class BufferPlan : public StagePlan {
 public:
  BufferPlan(PlanPointer before, std::int64_t buffer) : StagePlan(std::move(before)), buffer_(buffer) {}
  bool indexed() const override { return false; }
  bool random() const override { return true; }
  std::unique_ptr<Pass> begin(PassSeed seed) const override {
    return std::make_unique<BufferPass>(before().begin({seed.transform, mix(seed.order, 0)}), buffer_,
                                        seed.order);
  }

 private:
  std::int64_t buffer_;
};

}  // namespace

PlanPointer reordered(PlanPointer before, std::int64_t size, bool random,
                      std::function<Tensor(std::int64_t n, Generator g)> order, const char* stage) {
  return std::make_shared<OrderedPlan>(std::move(before), size, random, std::move(order), stage);
}

Stage shuffle(ShuffleOptions options) {
  if (options.buffer < 0)
    throw Error("shuffle: the buffer must not be negative: it is " + std::to_string(options.buffer));
  return Stage([buffer = options.buffer](const Pipeline& source) {
    if (buffer > 0) return source.behind(std::make_shared<BufferPlan>(source.plan(), buffer));
    check_indexed("shuffle", *source.plan());
    const auto order = [](std::int64_t n, Generator g) { return randperm(n, {}, std::move(g)); };
    return source.behind(reordered(source.plan(), source.size().value(), true, order, "shuffle"));
  });
}

Stage sample(Sampler sampler) {
  if (!sampler.size || !sampler.order)
    throw Error("sample: a sampler needs both its functions: one is empty");
  return Stage([sampler = std::move(sampler)](const Pipeline& source) {
    check_indexed("sample", *source.plan());
    const std::int64_t size = sampler.size(source.size().value());
    return source.behind(reordered(source.plan(), size, true, sampler.order, "sample"));
  });
}

Stage shard(std::int64_t rank, std::int64_t size, ShardOptions options) {
  if (rank < 0 || rank >= size)
    throw Error("shard: the rank must lie in [0, size): it is " + std::to_string(rank) + " of " +
                std::to_string(size));
  return Stage([=](const Pipeline& source) {
    check_indexed("shard", *source.plan());
    const std::int64_t n = source.size().value();
    const std::int64_t rows = options.drop_last ? n / size : (n + size - 1) / size;
    const auto order = [=](std::int64_t of, const Generator&) {
      std::vector<std::int64_t> mine;
      for (std::int64_t i = 0; i < rows; ++i) mine.push_back((rank + i * size) % of);
      return tensor(mine);
    };
    return source.behind(reordered(source.plan(), rows, false, order, "shard"));
  });
}

Pipeline shard(const Pipeline& source, std::int64_t rank, std::int64_t size, ShardOptions options) {
  return source | shard(rank, size, options);
}

}  // namespace xgrad::data
