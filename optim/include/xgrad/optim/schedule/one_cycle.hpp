#pragma once

#include <array>

#include "xgrad/optim/schedule/momentum.hpp"
#include "xgrad/optim/schedule/per_group.hpp"
#include "xgrad/optim/schedule/scheduler.hpp"

namespace xgrad::optim {

/// How a number goes from one to another: by half a cosine, or in a straight line.
enum class Anneal : std::uint8_t { cos, linear };

struct OneCycleLrOptions {
  PerGroup max_lr = {};          ///< has to be given
  std::int64_t total_steps = 0;  ///< has to be given, or both of the next
  std::int64_t epochs = 0;
  std::int64_t steps_per_epoch = 0;
  double pct_start = 0.3;  ///< the share of the steps in which the rate goes up
  Anneal anneal_strategy = Anneal::cos;
  bool cycle_momentum = true;  ///< momentum, or the first of betas, goes the other way
  PerGroup base_momentum = 0.85;
  PerGroup max_momentum = 0.95;
  double div_factor = 25;         ///< the first rate is max_lr / div_factor
  double final_div_factor = 1e4;  ///< the last one is the first / final_div_factor
  bool three_phase = false;  ///< down to the first rate in as many steps as up, and only then to the last
};

/// The learning rate goes up to max_lr, and from there down to nearly 0, once; momentum goes down and up.
/// Smith and Topin, 2018, as PyTorch has it. Call `step` after each batch. A step after the last one is made
/// too, and keeps the last rate, as the loop over all batches ends with one; the next throws Error.
class OneCycleLR : public LRScheduler {
 public:
  OneCycleLR(Optimizer& optimizer, OneCycleLrOptions options);

 private:
  /// What a number is at the beginning of the cycle and at the end of each phase.
  using Levels = std::array<double, 4>;

  std::int64_t total_steps() const;
  double at(std::int64_t step, const Levels& levels) const;

  double rate(std::size_t group, std::int64_t step, double lr) const override;
  void advance(Move move) noexcept override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  OneCycleLrOptions options_;
  std::vector<double> max_lrs_, base_momentums_, max_momentums_;
  detail::MomentumOfGroups momentum_;
};

}  // namespace xgrad::optim
