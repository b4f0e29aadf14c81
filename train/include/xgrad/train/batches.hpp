#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "xgrad/core/state/visitor.hpp"
#include "xgrad/data/dataset.hpp"
#include "xgrad/data/loader.hpp"
#include "xgrad/data/pipeline.hpp"

namespace xgrad::train {

namespace detail {

/// Something with tensors in it: a batch of a Loader, a list of tensors, a tensor, a pair or tuple of them.
template <class B>
concept Tensors = std::same_as<std::remove_cvref_t<B>, Tensor> ||
    std::same_as<std::remove_cvref_t<B>, std::vector<Tensor>> || requires(const B& b) {
  { b.tensors() } -> std::convertible_to<std::vector<Tensor>>;
} || requires {
  std::tuple_size<std::remove_cvref_t<B>>::value;
};

/// The tensors of a batch; those of one that does not hold them as a list are put into `place`.
template <Tensors B>
const std::vector<Tensor>& tensors_of(const B& batch, std::vector<Tensor>& place) {
  if constexpr (std::same_as<B, std::vector<Tensor>>)
    return batch;
  else if constexpr (std::same_as<B, Tensor>)
    return place = {batch};
  else if constexpr (requires { batch.tensors(); }) {
    if constexpr (std::is_lvalue_reference_v<decltype(batch.tensors())>)
      return batch.tensors();
    else
      return place = batch.tensors();
  } else
    return std::apply(
        [&](const auto&... t) -> auto& { return place = {t...}; }, batch);
}

/// One pass over batches.
class Pass {
 public:
  virtual ~Pass() = default;
  /// The next batch, which is there until the next call; null behind the last one.
  virtual const std::vector<Tensor>* next() = 0;
};

/// What can be gone through in batches again and again.
class Passes {
 public:
  virtual ~Passes() = default;
  virtual std::unique_ptr<Pass> begin() = 0;
  virtual std::int64_t size() const = 0;  ///< batches in a pass; below 0 where that is unknown
  virtual void visit(Visitor&) {}
  /// True where `visit` names the place in the latest pass.
  virtual bool has_state() const { return false; }
};

template <class R>
concept BatchRange = requires(R& range) {
  range.begin() == range.end();
  { *range.begin() } -> Tensors;
};

template <class R>
class RangePasses : public Passes {
 public:
  explicit RangePasses(R range) : range_(std::forward<R>(range)) {}

  std::unique_ptr<Pass> begin() override { return std::make_unique<InRange>(range_); }
  std::int64_t size() const override {
    if constexpr (requires { range_.size().has_value(); })
      return range_.size().value_or(-1);
    else if constexpr (requires { range_.size(); })
      return static_cast<std::int64_t>(range_.size());
    else if constexpr (requires { range_.size().value_or(-1); })
      return range_.size().value_or(-1);
    else
      return -1;
  }
  void visit(Visitor& v) override {
    // Their state is behind their handles, so that what is const goes through its passes too.
    if constexpr (stateful) const_cast<std::remove_const_t<Range>&>(range_).visit(v);  // NOLINT
  }
  bool has_state() const override { return stateful; }

 private:
  using Range = std::remove_reference_t<R>;
  static constexpr bool stateful = std::same_as<std::remove_const_t<Range>, data::Loader> ||
                                   std::same_as<std::remove_const_t<Range>, data::Pipeline> ||
                                   (Visitable<Range> && !std::is_const_v<Range>);

  class InRange : public Pass {
   public:
    explicit InRange(Range& range) : at_(range.begin()), end_(range.end()) {}
    const std::vector<Tensor>* next() override {
      if (begun_) ++at_;
      begun_ = true;
      if (at_ == end_) return nullptr;
      return &tensors_of(*at_, place_);
    }

   private:
    decltype(std::declval<Range&>().begin()) at_;
    decltype(std::declval<Range&>().end()) end_;
    bool begun_ = false;
    std::vector<Tensor> place_;
  };

  R range_;
};

template <class F>
concept BatchFunction = !BatchRange<F> && std::invocable<F&> && requires(F & f) {
  static_cast<bool>(f());
  { *f() } -> Tensors;
};

template <class F>
class FunctionPasses : public Passes {
 public:
  explicit FunctionPasses(F f) : f_(std::move(f)) {}

  std::unique_ptr<Pass> begin() override { return std::make_unique<Calls>(f_); }
  std::int64_t size() const override { return -1; }

 private:
  class Calls : public Pass {
   public:
    explicit Calls(F& f) : f_(f) {}
    const std::vector<Tensor>* next() override {
      batch_.reset();
      if (auto batch = f_()) batch_.emplace(std::move(*batch));
      return batch_ ? &tensors_of(*batch_, place_) : nullptr;
    }

   private:
    F& f_;
    std::optional<std::decay_t<decltype(*std::declval<F&>()())>> batch_;
    std::vector<Tensor> place_;
  };

  F f_;
};

}  // namespace detail

/// The data of fit, evaluate and predict. A batch is some tensors: what the model takes, and behind it the
/// target; a batch of one tensor is its own target, as for an autoencoder.
///
/// - A data set, of which batches are made by the options `batch_size` and `shuffle`.
/// - Anything with a begin and an end whose elements are batches: a data::Loader, a data::Pipeline that ends
///   in `batch`, a vector of pairs. One that is named is referred to and must outlive this; one that is not
///   is moved in. Where it has a state and is not const, that is a part of the state of the training.
/// - A function that returns the next batch of a pass, and an empty std::optional behind the last one, after
///   which a new pass begins.
class Batches {
 public:
  // NOLINTBEGIN(google-explicit-constructor): it stands for what it is made of
  Batches(data::TensorDataset set) : set_(std::move(set)) {}
  template <class R>
  requires detail::BatchRange<std::remove_reference_t<R>> Batches(R&& range)
      : passes_(std::make_shared<detail::RangePasses<R>>(std::forward<R>(range))) {}
  template <class F>
  requires detail::BatchFunction<std::decay_t<F>> Batches(F&& f)
      : passes_(std::make_shared<detail::FunctionPasses<std::decay_t<F>>>(std::forward<F>(f))) {}
  // NOLINTEND(google-explicit-constructor)

  /// The data set, where it is one.
  const data::TensorDataset* set() const { return set_ ? &*set_ : nullptr; }
  /// The batches, where it is no data set.
  const std::shared_ptr<detail::Passes>& passes() const { return passes_; }

 private:
  std::optional<data::TensorDataset> set_;
  std::shared_ptr<detail::Passes> passes_;
};

}  // namespace xgrad::train
