#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <utility>

#include "xgrad/core/state/visitor.hpp"
#include "xgrad/train/training.hpp"

namespace xgrad::train {

/// What is done beside a training, in the order of the list. What one must have again to go on where it was
/// is named in its `visit`. An Error that leaves one ends the training.
class Callback : public Stateful {
 public:
  virtual void on_begin(Training&) {}
  /// All callbacks have begun: the place to load a training that goes on.
  virtual void on_resume(Training&) {}
  virtual void on_epoch_begin(Training&) {}
  /// The gradients of a step are there, before they are clipped.
  virtual void on_gradients(Training&) {}
  /// The optimizer has made a step.
  virtual void on_step(Training&) {}
  /// An epoch is over, and in the history.
  virtual void on_epoch(Training&) {}
  /// The user wants to end the training, behind this step.
  virtual void on_interrupt(Training&) {}
  virtual void on_end(Training&) {}
};

/// A callback of any kind. One that is given by value is moved in; to look at it later, give a shared
/// pointer. A function of a Training is called behind each epoch.
class AnyCallback {
 public:
  // NOLINTBEGIN(google-explicit-constructor): it stands for what it holds
  template <std::derived_from<Callback> C>
  AnyCallback(C callback) : held_(std::make_shared<C>(std::move(callback))) {}
  template <std::derived_from<Callback> C>
  AnyCallback(std::shared_ptr<C> callback) : held_(std::move(callback)) {}
  template <std::invocable<Training&> F>
  AnyCallback(F f) : held_(std::make_shared<EachEpoch>(std::move(f))) {}
  // NOLINTEND(google-explicit-constructor)

  explicit operator bool() const { return held_ != nullptr; }
  Callback& operator*() const { return *held_; }
  Callback* operator->() const { return held_.get(); }

 private:
  class EachEpoch : public Callback {
   public:
    explicit EachEpoch(std::function<void(Training&)> f) : f_(std::move(f)) {}
    void on_epoch(Training& training) override { f_(training); }

   private:
    std::function<void(Training&)> f_;
  };

  std::shared_ptr<Callback> held_;
};

}  // namespace xgrad::train
