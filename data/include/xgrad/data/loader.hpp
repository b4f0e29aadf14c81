#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "xgrad/core/random.hpp"
#include "xgrad/core/state/visitor.hpp"
#include "xgrad/data/dataset.hpp"

namespace xgrad::data {

struct LoaderOptions {
  std::int64_t batch_size = 1;
  bool shuffle = false;    ///< a new order in each pass
  bool drop_last = false;  ///< leave out the last batch when it is smaller than the others
  /// Draws the orders. `Generator(7)` makes them independent of all else that is random.
  Generator generator = default_generator();
};

/// Some examples: one tensor for each tensor of the data set.
///
/// A batch of two tensors takes two names: `const auto& [x, y] = batch`.
class Batch {
 public:
  Batch() = default;
  explicit Batch(std::vector<Tensor> tensors) : tensors_(std::move(tensors)) {}

  std::size_t size() const { return tensors_.size(); }
  const Tensor& operator[](std::size_t i) const { return tensors_[i]; }
  const std::vector<Tensor>& tensors() const { return tensors_; }

  /// Element 0 or 1 of a batch of two tensors. Throws Error for any other number of tensors.
  template <std::size_t I>
  const Tensor& get() const& {
    check_two();
    return tensors_[I];
  }
  template <std::size_t I>
  Tensor& get() & {
    check_two();
    return tensors_[I];
  }
  template <std::size_t I>
  Tensor&& get() && {
    check_two();
    return std::move(tensors_[I]);
  }

 private:
  friend class Loader;
  void check_two() const;

  std::vector<Tensor> tensors_;
};

/// Goes through a data set in batches: `for (const auto& [x, y] : Loader(set, {.batch_size = 64}))`.
///
/// Each begin() starts a pass over all examples. Without shuffle, batches are consecutive rows that share the
/// memory of the data set: do not write to them. With shuffle, begin() draws a permutation as PyTorch's
/// DataLoader does without a generator of its own, so that the same seed gives the same batches: two 64-bit
/// numbers, the second of which seeds the permutation. (PyTorch draws the first one without shuffle too;
/// here a loader in order draws nothing, so that looking at test data changes no result.)
///
/// A Loader shares ownership of its data set, and so does each pass.
///
/// It is one pipeline of those in stages.hpp: `from(set) | shuffle() | batch(64)` delivers the same batches
/// from the same generator, and goes on to transforms, other sources and workers.
///
/// Its state is the place in the latest pass: after load_state_dict the next begin() goes on behind the last
/// batch that the saved loader has delivered, in the same order, and later passes are those that would have
/// come. That ends with the pass; and without a load begin() always starts a new one.
class Loader {
  struct Place;

 public:
  /// Throws Error for a batch size below 1.
  explicit Loader(TensorDataset dataset, LoaderOptions options = {});

  // A copy stands where the original does, and its passes are its own. One that has been moved from can be
  // assigned to, and all else throws Error.
  Loader(const Loader& o);
  Loader(Loader&&) noexcept;
  Loader& operator=(Loader o) noexcept;
  ~Loader();

  /// Names "rows", the examples that the latest pass has delivered, 0 when it has ended; with shuffle
  /// "order", that of its examples, undefined when it has ended, and "generator", which draws the orders to
  /// come, the default one included; and "examples", their number, which must be that of the state.
  void visit(Visitor& v);

  /// Number of batches in a pass.
  std::int64_t size() const;
  const TensorDataset& dataset() const { return dataset_; }
  const LoaderOptions& options() const { return options_; }

  /// The place in a pass: an input iterator.
  class Iterator {
   public:
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;

    const Batch& operator*() const { return batch_; }
    const Batch* operator->() const { return &batch_; }
    Iterator& operator++() {
      fetch();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) { return it.at_end_; }

   private:
    friend class Loader;
    explicit Iterator(const Loader& loader);
    bool continue_pass();
    void begin_pass(Tensor order);
    void fetch();
    void tell();

    TensorDataset dataset_;
    std::int64_t batch_size_;
    bool drop_last_;
    bool at_end_ = false;
    std::int64_t rows_ = 0;  // delivered
    Tensor order_;           // undefined: as they are
    std::int64_t pass_ = 0;
    std::shared_ptr<Place> place_;  // of the loader, which it tells what it has delivered
    Batch batch_;
  };

  Iterator begin() const { return Iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  const std::shared_ptr<Place>& place() const;

  TensorDataset dataset_;
  LoaderOptions options_;
  std::shared_ptr<Place> place_;
};

}  // namespace xgrad::data

template <>
struct std::tuple_size<xgrad::data::Batch> : std::integral_constant<std::size_t, 2> {};
template <std::size_t I>
struct std::tuple_element<I, xgrad::data::Batch> {
  using type = xgrad::Tensor;
};
