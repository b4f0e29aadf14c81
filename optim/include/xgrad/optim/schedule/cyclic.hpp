#pragma once

#include <functional>
#include <optional>

#include "xgrad/optim/schedule/momentum.hpp"
#include "xgrad/optim/schedule/per_group.hpp"
#include "xgrad/optim/schedule/scheduler.hpp"

namespace xgrad::optim {

/// How high the cycles of CyclicLR are: all the same, each half of the one before, or gamma^step.
enum class CyclicMode : std::uint8_t { triangular, triangular2, exp_range };

/// What a scale function of CyclicLR is given: the number of the cycle, from 1, or of the step, from 0.
enum class ScaleMode : std::uint8_t { cycle, iterations };

struct CyclicLrOptions {
  PerGroup base_lr = {};  ///< has to be given
  PerGroup max_lr = {};   ///< has to be given
  std::int64_t step_size_up = 2000;
  std::optional<std::int64_t> step_size_down = {};  ///< where it is not given, step_size_up
  CyclicMode mode = CyclicMode::triangular;
  double gamma = 1;
  std::function<double(double)> scale_fn = {};  ///< in place of the mode; no part of the state
  ScaleMode scale_mode = ScaleMode::cycle;
  bool cycle_momentum = true;  ///< momentum, or the first of betas, goes the other way
  PerGroup base_momentum = 0.8;
  PerGroup max_momentum = 0.9;
};

/// The learning rate goes from base_lr to max_lr in step_size_up steps and back in step_size_down, again and
/// again; momentum goes from max_momentum to base_momentum and back. Smith, 2017, as PyTorch has it. Call
/// `step` after each batch.
class CyclicLR : public LRScheduler {
 public:
  CyclicLR(Optimizer& optimizer, CyclicLrOptions options);

 private:
  /// How far up a step is, from 0 to 1 times the height of its cycle.
  double height(std::int64_t step) const;
  double momentum_at(std::size_t group, double height) const;

  double rate(std::size_t group, std::int64_t step, double lr) const override;
  void preview(Move move, std::vector<double>& rates) const override;
  void advance(Move move) noexcept override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  CyclicLrOptions options_;
  std::vector<double> max_lrs_, base_momentums_, max_momentums_;
  detail::MomentumOfGroups momentum_;
};

}  // namespace xgrad::optim
