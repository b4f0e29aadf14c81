#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "xgrad/core/state/visitor.hpp"

namespace xgrad::train {

/// A number that says how good predictions are, gathered batch by batch.
///
///     train::Accuracy accuracy;
///     for (const auto& [x, y] : batches) accuracy.update(net(x), y);
///     std::cout << accuracy.value();
///
/// What it gathers is named by its `visit`, so that it is saved, and adds up: `merge` takes over what another
/// one has gathered, of other batches, on another thread or in another process, and the value is that of all
/// rows together, whatever the order.
class Measure : public Stateful {
 public:
  /// What it is called in a history: "accuracy".
  virtual std::string name() const = 0;
  /// Takes in a batch. Throws Error, and takes in nothing, for shapes and types that it does not know, and
  /// for a label that is out of the classes.
  virtual void update(const Tensor& prediction, const Tensor& target) = 0;
  /// Takes in what `other` has gathered. Throws Error where that is a measure of another kind.
  virtual void merge(const Measure& other) = 0;
  /// The number. Throws Error where there was no row, or none of those that it needs.
  virtual double value() const = 0;
  /// Forgets all rows.
  virtual void reset() = 0;
  /// An independent copy, with all that was gathered.
  virtual std::unique_ptr<Measure> copy() const = 0;
  /// True where `value` is quick enough to be shown while an epoch runs.
  virtual bool is_quick() const { return true; }
  /// True where more is better.
  virtual bool more_is_better() const = 0;
};

/// A measure of any kind, held by value; or a function of prediction and target as one: the mean of its
/// numbers over all rows, `{"bias", [](const Tensor& p, const Tensor& t) { return (p - t).mean().item(); }}`.
class AnyMeasure {
 public:
  template <std::derived_from<Measure> M>
  AnyMeasure(M measure)  // NOLINT(google-explicit-constructor): it stands for what it holds
      : held_(std::make_unique<M>(std::move(measure))) {}
  AnyMeasure(std::string name, std::function<double(const Tensor&, const Tensor&)> f,
             bool more_is_better = false);

  AnyMeasure(const AnyMeasure& o) : held_(o.held_->copy()) {}
  AnyMeasure(AnyMeasure&&) noexcept = default;
  AnyMeasure& operator=(AnyMeasure o) noexcept {
    held_ = std::move(o.held_);
    return *this;
  }
  ~AnyMeasure() = default;

  explicit operator bool() const { return held_ != nullptr; }
  Measure& operator*() const { return *held_; }
  Measure* operator->() const { return held_.get(); }

 private:
  std::unique_ptr<Measure> held_;
};

}  // namespace xgrad::train
