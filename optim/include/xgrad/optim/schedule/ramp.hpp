#pragma once

#include "xgrad/optim/schedule/scheduler.hpp"

namespace xgrad::optim {

struct ConstantLrOptions {
  double factor = 1.0 / 3;
  std::int64_t total_iters = 5;
};

/// base_lr factor in the first total_iters steps, base_lr from then on. The factor is above 0.
class ConstantLR : public LRScheduler {
 public:
  explicit ConstantLR(Optimizer& optimizer, ConstantLrOptions options = {});

 private:
  double rate(std::size_t group, std::int64_t step, double lr) const override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  ConstantLrOptions options_;
};

struct LinearLrOptions {
  double start_factor = 1.0 / 3;
  double end_factor = 1;
  std::int64_t total_iters = 5;
};

/// From base_lr start_factor to base_lr end_factor in a straight line of total_iters steps. start_factor is
/// above 0, for each rate is made from the one before: see WarmupLR for a start from 0.
class LinearLR : public LRScheduler {
 public:
  explicit LinearLR(Optimizer& optimizer, LinearLrOptions options = {});

 private:
  double rate(std::size_t group, std::int64_t step, double lr) const override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  LinearLrOptions options_;
};

struct PolynomialLrOptions {
  std::int64_t total_iters = 5;
  double power = 1;
};

/// base_lr (1 - step / total_iters)^power, which is 0 from step total_iters on.
class PolynomialLR : public LRScheduler {
 public:
  explicit PolynomialLR(Optimizer& optimizer, PolynomialLrOptions options = {});

 private:
  double rate(std::size_t group, std::int64_t step, double lr) const override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  PolynomialLrOptions options_;
};

}  // namespace xgrad::optim
