#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "xgrad/core/random.hpp"
#include "xgrad/data/source.hpp"

// A pass has two halves. What decides which example comes next - orders, draws, readers, filters - happens in
// `next`, in turn. What makes the example of it waits in a Job and may run on any thread. So workers change
// neither the order nor a random number.

namespace xgrad::data {

/// An example that is still to be made.
struct Job {
  std::int64_t row = 0;  ///< its number in the source, for errors
  std::function<Row()> make;
};

/// What is random in a pass follows from these.
struct PassSeed {
  std::uint64_t transform = 0;  ///< of map
  std::uint64_t order = 0;      ///< of shuffle and sample

  /// Those of part k: of a source of several, or of what stands before a stage that has used this one.
  PassSeed part(std::uint64_t k) const;
};

/// A number that looks random and follows from two: the finisher of SplitMix64 (Steele, Lea and Flood, 2014).
std::uint64_t mix(std::uint64_t a, std::uint64_t b);

/// Rows of a source that a pass delivers as they are: for a batch of them that the source makes at once.
struct Origin {
  std::shared_ptr<const Source> source;
  std::function<std::int64_t(std::int64_t)> row;  ///< which one place i of the pass is
};

class Pass {
 public:
  virtual ~Pass() = default;
  /// The next example; false at the end.
  virtual bool next(Job& job) = 0;
  /// Leaves n examples out.
  virtual void skip(std::int64_t n);
};

/// A pass by index.
class IndexedPass : public Pass {
 public:
  explicit IndexedPass(std::int64_t size) : size_(size) {}

  virtual Job at(std::int64_t i) = 0;
  /// Nothing where something is done to the rows.
  virtual std::optional<Origin> origin() const { return {}; }

  std::int64_t size() const { return size_; }
  bool next(Job& job) final {
    if (place_ >= size_) return false;
    job = at(place_++);
    return true;
  }
  void skip(std::int64_t n) final { place_ += std::min(n, size_ - place_); }

 private:
  std::int64_t size_, place_ = 0;
};

/// What a pipeline is: sources and stages, which never change.
class Plan {
 public:
  virtual ~Plan() = default;
  virtual std::optional<std::int64_t> size() const = 0;
  virtual bool indexed() const = 0;
  virtual bool random() const = 0;
  virtual std::unique_ptr<Pass> begin(PassSeed seed) const = 0;
};

using PlanPointer = std::shared_ptr<const Plan>;

/// A stage behind one other.
class StagePlan : public Plan {
 public:
  explicit StagePlan(PlanPointer before) : before_(std::move(before)) {}
  std::optional<std::int64_t> size() const override { return before_->size(); }
  bool indexed() const override { return before_->indexed(); }
  bool random() const override { return before_->random(); }

 protected:
  const Plan& before() const { return *before_; }

 private:
  PlanPointer before_;
};

/// The pass of a plan that is by index.
std::unique_ptr<IndexedPass> begin_indexed(const Plan& plan, PassSeed seed);

/// Throws Error, under the name of a stage, unless a plan is by index.
void check_indexed(const char* stage, const Plan& plan);

/// f(); what it throws becomes an Error that names the function and the row, with the cause nested in it.
Row at_row(const char* who, std::int64_t row, const std::function<Row()>& f);

PlanPointer plan_of(std::shared_ptr<const Source> source);

/// The rows that `order` names in each pass, `size` of them: what shuffle, samplers and shards are.
PlanPointer reordered(PlanPointer before, std::int64_t size, bool random,
                      std::function<Tensor(std::int64_t n, Generator g)> order, const char* stage);

}  // namespace xgrad::data
