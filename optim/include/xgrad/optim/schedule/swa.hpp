#pragma once

#include "xgrad/optim/schedule/one_cycle.hpp"
#include "xgrad/optim/schedule/per_group.hpp"
#include "xgrad/optim/schedule/scheduler.hpp"

namespace xgrad::optim {

struct SwaLrOptions {
  PerGroup swa_lr = {};  ///< has to be given
  std::int64_t anneal_epochs = 10;
  Anneal anneal_strategy = Anneal::cos;
};

/// From the rates that there are to swa_lr in anneal_epochs steps, and swa_lr from then on: the steps in
/// which AveragedModel averages. It is made beside the schedule of the steps before, and stepped in its
/// place, or is the last of a SequentialLR. Izmailov et al., 2018.
class SWALR : public LRScheduler {
 public:
  SWALR(Optimizer& optimizer, SwaLrOptions options);

 private:
  double share(std::int64_t step) const;
  std::int64_t annealed(Move move) const;

  void preview(Move move, std::vector<double>& rates) const override;
  void advance(Move move) noexcept override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  SwaLrOptions options_;
  std::vector<double> swa_lrs_;
  std::int64_t annealed_ = 0;  ///< the steps towards swa_lr so far; a restart makes the first at once
};

}  // namespace xgrad::optim
