#pragma once

#include "xgrad/optim/schedule/scheduler.hpp"

namespace xgrad::optim {

// NOLINTBEGIN(readability-identifier-naming): PyTorch's names
struct CosineAnnealingLrOptions {
  std::int64_t T_max = 0;  ///< has to be given
  double eta_min = 0;
};

/// eta_min + (base_lr - eta_min) (1 + cos(pi step / T_max)) / 2: down to eta_min in step T_max, and up again
/// behind it. Loshchilov and Hutter, 2017, without restarts.
class CosineAnnealingLR : public LRScheduler {
 public:
  CosineAnnealingLR(Optimizer& optimizer, CosineAnnealingLrOptions options);

 private:
  double rate(std::size_t group, std::int64_t step, double lr) const override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  CosineAnnealingLrOptions options_;
};

struct CosineAnnealingWarmRestartsOptions {
  std::int64_t T_0 = 0;  ///< the steps of the first cycle; has to be given
  std::int64_t T_mult = 1;
  double eta_min = 0;
};
// NOLINTEND(readability-identifier-naming)

/// eta_min + (base_lr - eta_min) (1 + cos(pi t / T)) / 2 in step t of a cycle of T steps, of which each is
/// T_mult times as long as the one before: every cycle starts with base_lr. Loshchilov and Hutter, 2017.
class CosineAnnealingWarmRestarts : public LRScheduler {
 public:
  CosineAnnealingWarmRestarts(Optimizer& optimizer, CosineAnnealingWarmRestartsOptions options);

 private:
  double rate(std::size_t group, std::int64_t step, double lr) const override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  CosineAnnealingWarmRestartsOptions options_;
};

}  // namespace xgrad::optim
