#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>

#include "xgrad/core/random.hpp"
#include "xgrad/core/state/visitor.hpp"
#include "xgrad/data/loader.hpp"
#include "xgrad/data/source.hpp"

namespace xgrad::data {

class Plan;  // data/src/stages/pass.hpp
class Pass;

/// A source and the stages behind it, gone through by `for (const auto& [x, y] : pipeline)`.
///
///     auto batches = data::from(set) | data::shuffle() | data::map(augment) | data::batch(64) |
///     data::prefetch(2);
///
/// It is a cheap value: what a stage makes is another pipeline, and copies share the source. Each begin()
/// starts a pass. All that is random in a pass follows from two numbers drawn from `generator` when it
/// begins, and from the place of an example in it: never from the number of workers or from who is faster.
/// They are drawn as Loader draws, so that `from(set) | shuffle() | batch(n)` delivers what a Loader with
/// shuffle does; a pipeline without anything random draws nothing. What is made of an example is made without
/// recording.
///
/// An error of a source or a function reaches whoever goes through the pass, as Error that names the row;
/// what was thrown is nested in it. Going on from there leaves that row out.
///
/// Its state is the place in the latest pass, as Loader's: after load_state_dict the next begin() goes on
/// behind what was delivered. Stages by index go there at once; others (a filter, a reader) go through the
/// rows again.
class Pipeline {
  struct Place;

 public:
  Pipeline(TensorDataset set);                     // NOLINT(google-explicit-constructor)
  Pipeline(std::shared_ptr<const Source> source);  // NOLINT(google-explicit-constructor)
  explicit Pipeline(std::shared_ptr<const Plan> plan, Generator generator = default_generator());
  Pipeline(const Pipeline& o);  ///< stands where the original does; its passes are its own
  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline o) noexcept;
  ~Pipeline();

  /// What a pass delivers, in number; nothing where that is not known before (a filter) or has no end.
  std::optional<std::int64_t> size() const;

  /// The stream that the passes are drawn from: default_generator() until another is given.
  Pipeline with(Generator generator) const;

  /// Names "delivered", "order" and "transform", the numbers that the latest pass follows from, and
  /// "generator", which draws those of passes to come.
  void visit(Visitor& v);

  /// The place in a pass: an input iterator.
  class Iterator {
   public:
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;

    Iterator(Iterator&&) noexcept;
    Iterator& operator=(Iterator&&) noexcept;
    ~Iterator();

    const Batch& operator*() const { return batch_; }
    const Batch* operator->() const { return &batch_; }
    Iterator& operator++() {
      fetch();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) { return it.at_end_; }

   private:
    friend class Pipeline;
    explicit Iterator(const Pipeline& pipeline);
    void fetch();
    void tell() const;

    std::unique_ptr<Pass> pass_;
    std::shared_ptr<Place> place_;
    std::int64_t number_ = 0, delivered_ = 0;
    bool at_end_ = false;
    Batch batch_;
  };

  Iterator begin() const { return Iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

  // For stages: what this pipeline is, and another one with its generator.
  const std::shared_ptr<const Plan>& plan() const { return plan_; }
  Pipeline behind(std::shared_ptr<const Plan> plan) const;

 private:
  std::shared_ptr<const Plan> plan_;
  Generator generator_;
  std::shared_ptr<Place> place_;
};

/// Makes another pipeline of one: a value, and `a | b` is the stage of one behind the other.
class Stage {
 public:
  explicit Stage(std::function<Pipeline(const Pipeline&)> make) : make_(std::move(make)) {}

  friend Pipeline operator|(const Pipeline& source, const Stage& stage) { return stage.make_(source); }
  friend Stage operator|(Stage first, Stage second) {
    return Stage([first = std::move(first), second = std::move(second)](const Pipeline& source) {
      return second.make_(first.make_(source));
    });
  }

 private:
  std::function<Pipeline(const Pipeline&)> make_;
};

/// The rows of a data set or another source, one at a time.
inline Pipeline from(TensorDataset set) { return Pipeline(std::move(set)); }
inline Pipeline from(std::shared_ptr<const Source> source) { return Pipeline(std::move(source)); }

}  // namespace xgrad::data
