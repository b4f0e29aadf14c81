#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "xgrad/optim/schedule/plateau.hpp"
#include "xgrad/optim/schedule/scheduler.hpp"

namespace xgrad::train {

/// When a schedule goes on: behind each step of the optimizer, or behind each epoch.
enum class Each : std::uint8_t { step, epoch };

/// A schedule of the learning rate, as fit goes on with it: `{one_cycle, train::Each::step}`. What it is made
/// of is referred to and must outlive it.
class Schedule {
 public:
  // NOLINTBEGIN(google-explicit-constructor): it stands for what it is made of
  Schedule(optim::LRScheduler& schedule, Each each = Each::epoch) : schedule_(&schedule), each_(each) {}
  /// Behind each epoch, with the number of that name in the history.
  Schedule(optim::ReduceLROnPlateau& schedule, std::string watched = "val_loss")
      : plateau_(&schedule), watched_(std::move(watched)) {}
  /// A function of the number of steps or epochs so far to the learning rate of the next one.
  template <class F>
  requires(std::is_invocable_r_v<double, F&, std::int64_t> && !std::derived_from<F, optim::LRScheduler>)
      Schedule(F f, Each each = Each::epoch)
      : function_(std::move(f)), each_(each) {}
  // NOLINTEND(google-explicit-constructor)

  optim::LRScheduler* scheduler() const { return schedule_; }
  optim::ReduceLROnPlateau* plateau() const { return plateau_; }
  const std::function<double(std::int64_t)>& function() const { return function_; }
  const std::string& watched() const { return watched_; }
  Each each() const { return each_; }

  /// The number of steps after which the schedule has come to its end, as its options say; below 0 where it
  /// has none.
  std::int64_t length() const;

 private:
  optim::LRScheduler* schedule_ = nullptr;
  optim::ReduceLROnPlateau* plateau_ = nullptr;
  std::function<double(std::int64_t)> function_;
  std::string watched_;
  Each each_ = Each::epoch;
};

}  // namespace xgrad::train
