#pragma once

#include <concepts>
#include <memory>
#include <utility>

#include "xgrad/optim/schedule/scheduler.hpp"

namespace xgrad::optim {

/// A schedule of any kind, as a part of another one: `{LinearLR(sgd), ExponentialLR(sgd, {.gamma = 0.9})}`.
/// It is a handle: copies share the schedule.
class AnyScheduler {
 public:
  template <std::derived_from<LRScheduler> S>
  AnyScheduler(S schedule)  // NOLINT(google-explicit-constructor): it stands for what it holds
      : held_(std::make_shared<S>(std::move(schedule))) {}

  LRScheduler& operator*() const { return *held_; }
  LRScheduler* operator->() const { return held_.get(); }

 private:
  std::shared_ptr<LRScheduler> held_;
};

}  // namespace xgrad::optim
