#pragma once

#include <optional>

#include "xgrad/optim/schedule/any_scheduler.hpp"

namespace xgrad::optim {

struct WarmupLrOptions {
  std::int64_t steps = 0;  ///< how many steps have less than the whole rate
  /// The share of the rate in the first step, from 0 to 1; where it is not given, 1 / (steps + 1), so that
  /// already the first step of the optimizer changes something.
  std::optional<double> start_factor = {};
};

/// Goes up to the learning rate in a straight line, and goes on by another schedule, which begins then:
///
///     optim::WarmupLR schedule(adam, {500}, optim::CosineAnnealingLR(adam, {.T_max = 9500}));
///     optim::WarmupLR alone(adam, {500});
///
///     lr (s + (1 - s) step / steps), s = start_factor; from step `steps` on: step - steps of the other one
///
/// where lr is the rate with which the other one begins. Without another one the rates are left alone once
/// the warm-up is over, and may be changed by others, such as ReduceLROnPlateau. Goyal et al., 2017.
class WarmupLR : public LRScheduler {
 public:
  WarmupLR(Optimizer& optimizer, WarmupLrOptions options);
  WarmupLR(Optimizer& optimizer, WarmupLrOptions options, AnyScheduler then);

 private:
  WarmupLR(std::optional<AnyScheduler> then, Optimizer& optimizer, WarmupLrOptions options);

  double factor(std::int64_t step) const;
  /// How the other schedule makes a step behind the warm-up.
  Move turn_of(Move move) const { return step_of(move) == options_.steps ? Move::restart : Move::next; }

  void preview(Move move, std::vector<double>& rates) const override;
  void advance(Move move) noexcept override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  WarmupLrOptions options_;
  std::optional<AnyScheduler> then_;
  std::vector<double> whole_;  ///< the rates at the end of the warm-up
};

}  // namespace xgrad::optim
