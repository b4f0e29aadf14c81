#include "stages/pass.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/data/stages.hpp"

namespace xgrad::data {

namespace {

using Transform = std::function<Row(Row, std::uint64_t seed)>;
using Predicate = std::function<bool(const Row&)>;

Job mapped(Job job, const std::shared_ptr<const Transform>& f, std::uint64_t seed) {
  const std::int64_t row = job.row;
  return {row, [make = std::move(job.make), f, row, seed] {
            Row in = make();
            return at_row("map", row, [&] { return (*f)(std::move(in), seed); });
          }};
}

class MapPass : public Pass {
 public:
  MapPass(std::unique_ptr<Pass> before, std::shared_ptr<const Transform> f, std::uint64_t seed)
      : before_(std::move(before)), f_(std::move(f)), seed_(seed) {}
  bool next(Job& job) override {
    if (!before_->next(job)) return false;
    job = mapped(std::move(job), f_, mix(seed_, place_++));
    return true;
  }

 private:
  std::unique_ptr<Pass> before_;
  std::shared_ptr<const Transform> f_;
  std::uint64_t seed_, place_ = 0;
};

class IndexedMapPass : public IndexedPass {
 public:
  IndexedMapPass(std::unique_ptr<IndexedPass> before, std::shared_ptr<const Transform> f, std::uint64_t seed)
      : IndexedPass(before->size()), before_(std::move(before)), f_(std::move(f)), seed_(seed) {}
  Job at(std::int64_t i) override {
    return mapped(before_->at(i), f_, mix(seed_, static_cast<std::uint64_t>(i)));
  }

 private:
  std::unique_ptr<IndexedPass> before_;
  std::shared_ptr<const Transform> f_;
  std::uint64_t seed_;
};

class MapPlan : public StagePlan {
 public:
  MapPlan(PlanPointer before, std::shared_ptr<const Transform> f, bool random)
      : StagePlan(std::move(before)), f_(std::move(f)), random_(random) {}
  bool random() const override { return random_ || StagePlan::random(); }
  std::unique_ptr<Pass> begin(PassSeed seed) const override {
    const PassSeed inner{mix(seed.transform, 0), seed.order};
    if (indexed())
      return std::make_unique<IndexedMapPass>(begin_indexed(before(), inner), f_, seed.transform);
    return std::make_unique<MapPass>(before().begin(inner), f_, seed.transform);
  }

 private:
  std::shared_ptr<const Transform> f_;
  bool random_;
};

class FilterPass : public Pass {
 public:
  FilterPass(std::unique_ptr<Pass> before, std::shared_ptr<const Predicate> f)
      : before_(std::move(before)), f_(std::move(f)) {}
  bool next(Job& job) override {
    while (before_->next(job)) {
      bool passes = false;
      Row row = job.make();
      row = at_row("filter", job.row, [&] {
        passes = (*f_)(row);
        return std::move(row);
      });
      if (!passes) continue;
      job.make = [row = std::move(row)] { return row; };
      return true;
    }
    return false;
  }

 private:
  std::unique_ptr<Pass> before_;
  std::shared_ptr<const Predicate> f_;
};

class FilterPlan : public StagePlan {
 public:
  FilterPlan(PlanPointer before, std::shared_ptr<const Predicate> f)
      : StagePlan(std::move(before)), f_(std::move(f)) {}
  std::optional<std::int64_t> size() const override { return {}; }
  bool indexed() const override { return false; }
  std::unique_ptr<Pass> begin(PassSeed seed) const override {
    return std::make_unique<FilterPass>(before().begin(seed), f_);
  }

 private:
  std::shared_ptr<const Predicate> f_;
};

Stage map_stage(Transform f, bool random) {
  return Stage([f = std::make_shared<const Transform>(std::move(f)), random](const Pipeline& source) {
    return source.behind(std::make_shared<MapPlan>(source.plan(), f, random));
  });
}

/// The row with another first tensor.
template <class F>
Row with_first(Row row, F f) {
  if (row.empty()) throw Error("map: a function of the first tensor needs one: the row has no tensors");
  row[0] = f(row[0]);
  return row;
}

}  // namespace

Stage map(std::function<Row(Row)> f) {
  return map_stage([f = std::move(f)](Row row, std::uint64_t) { return f(std::move(row)); }, false);
}

Stage map(std::function<Tensor(const Tensor&)> f) {
  return map_stage([f = std::move(f)](Row row, std::uint64_t) { return with_first(std::move(row), f); },
                   false);
}

Stage map(std::function<Row(Row, Generator&)> f) {
  return map_stage(
      [f = std::move(f)](Row row, std::uint64_t seed) {
        Generator generator(seed);
        return f(std::move(row), generator);
      },
      true);
}

Stage map(std::function<Tensor(const Tensor&, Generator&)> f) {
  return map_stage(
      [f = std::move(f)](Row row, std::uint64_t seed) {
        Generator generator(seed);
        return with_first(std::move(row), [&](const Tensor& x) { return f(x, generator); });
      },
      true);
}

Stage filter(std::function<bool(const Row&)> f) {
  return Stage([f = std::make_shared<const Predicate>(std::move(f))](const Pipeline& source) {
    return source.behind(std::make_shared<FilterPlan>(source.plan(), f));
  });
}

}  // namespace xgrad::data
