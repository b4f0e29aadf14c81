#pragma once

#include "xgrad/optim/schedule/scheduler.hpp"

namespace xgrad::optim {

struct StepLrOptions {
  std::int64_t step_size = 0;  ///< has to be given
  double gamma = 0.1;
};

/// Multiplies the rates by gamma in every step_size-th step: base_lr gamma^floor(step / step_size).
class StepLR : public LRScheduler {
 public:
  StepLR(Optimizer& optimizer, StepLrOptions options);

 private:
  double rate(std::size_t group, std::int64_t step, double lr) const override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  StepLrOptions options_;
};

struct MultiStepLrOptions {
  std::vector<std::int64_t> milestones = {};  ///< in any order; one that stands twice counts twice
  double gamma = 0.1;
};

/// Multiplies the rates by gamma in each step that is a milestone.
class MultiStepLR : public LRScheduler {
 public:
  MultiStepLR(Optimizer& optimizer, MultiStepLrOptions options);

 private:
  double rate(std::size_t group, std::int64_t step, double lr) const override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  MultiStepLrOptions options_;
};

struct ExponentialLrOptions {
  double gamma = 0;  ///< has to be given
};

/// Multiplies the rates by gamma in every step: base_lr gamma^step.
class ExponentialLR : public LRScheduler {
 public:
  ExponentialLR(Optimizer& optimizer, ExponentialLrOptions options);

 private:
  double rate(std::size_t group, std::int64_t step, double lr) const override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  ExponentialLrOptions options_;
};

}  // namespace xgrad::optim
