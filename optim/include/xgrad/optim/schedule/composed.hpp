#pragma once

#include "xgrad/optim/schedule/any_scheduler.hpp"

namespace xgrad::optim {

/// One schedule after another: each begins anew, from the initial rates, in the step that is its milestone.
///
///     optim::SequentialLR schedule(
///         sgd, {optim::ConstantLR(sgd, {.factor = 0.1}), optim::ExponentialLR(sgd, {.gamma = 0.9})}, {5});
///
/// There is a milestone between each two, above 0, and each is above the one before. MultiplicativeLR and
/// SWALR, which have no initial rates of their own, go on from the rates that there are.
class SequentialLR : public LRScheduler {
 public:
  SequentialLR(Optimizer& optimizer, std::vector<AnyScheduler> schedulers,
               std::vector<std::int64_t> milestones);

 private:
  /// Which schedule makes a step, and how.
  struct Turn {
    const AnyScheduler& scheduler;
    Move move;
  };
  Turn turn_of(Move move) const;

  void preview(Move move, std::vector<double>& rates) const override;
  void advance(Move move) noexcept override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  std::vector<AnyScheduler> schedulers_;
  std::vector<std::int64_t> milestones_;
};

/// Several schedules at once: a step is a step of each, in their order, so that factors multiply. Of those
/// that compute a rate from the initial one alone, such as LambdaLR, CyclicLR and OneCycleLR, one can be
/// among them, as the first.
///
///     optim::ChainedScheduler schedule({optim::LinearLR(sgd), optim::ExponentialLR(sgd, {.gamma = 0.9})});
class ChainedScheduler : public LRScheduler {
 public:
  explicit ChainedScheduler(std::vector<AnyScheduler> schedulers);

 private:
  void preview(Move move, std::vector<double>& rates) const override;
  void advance(Move move) noexcept override;
  void visit_options(Visitor& v) override;

  std::vector<AnyScheduler> schedulers_;
};

}  // namespace xgrad::optim
