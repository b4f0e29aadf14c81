#pragma once

#include "xgrad/optim/schedule/per_group.hpp"
#include "xgrad/optim/schedule/rates.hpp"

namespace xgrad::optim {

/// Whether a measure is to become small, as a loss, or large, as an accuracy.
enum class PlateauMode : std::uint8_t { min, max };

/// How far a measure has to get beyond the best one: by a share of that, or by a difference.
enum class ThresholdMode : std::uint8_t { rel, abs };

struct ReduceLrOnPlateauOptions {
  PlateauMode mode = PlateauMode::min;
  double factor = 0.1;
  std::int64_t patience = 10;  ///< so many steps without progress change nothing
  double threshold = 1e-4;
  ThresholdMode threshold_mode = ThresholdMode::rel;
  std::int64_t cooldown = 0;  ///< so many steps behind a reduction do not count
  PerGroup min_lr = 0;
  double eps = 1e-8;  ///< a reduction by no more than this is left out
};

/// Multiplies the rates by `factor` when a measure has made no progress for more than `patience` steps.
///
///     optim::ReduceLROnPlateau schedule(adam, {.patience = 3});
///     ...
///     schedule.step(validation_loss);
///
/// Progress is a measure below best (1 - threshold), or best - threshold with `abs`; with `max` above
/// best (1 + threshold), or best + threshold. Measures below 0 need `abs`, as in PyTorch 1.13, whose values
/// these are: a share of a number below 0 has the other sign.
///
/// The constructor, `step` and a load throw Error, and change nothing, for an option out of its range, a
/// measure that is nan, and an optimizer whose groups have changed.
class ReduceLROnPlateau : public Stateful {
 public:
  explicit ReduceLROnPlateau(Optimizer& optimizer, ReduceLrOnPlateauOptions options = {});
  ReduceLROnPlateau(const ReduceLROnPlateau&) = delete;
  ReduceLROnPlateau& operator=(const ReduceLROnPlateau&) = delete;

  void step(double metric);

  /// The learning rates of the groups.
  std::vector<double> last_lr() const;
  /// The number of steps so far, the best measure in them, and those since then that count.
  std::int64_t last_epoch() const { return last_epoch_; }
  double best() const { return best_; }
  std::int64_t num_bad_epochs() const { return num_bad_epochs_; }

  void visit(Visitor& v) override;

 private:
  bool is_better(double metric) const;
  void reduce();
  void check_options() const;

  detail::Rates rates_;
  ReduceLrOnPlateauOptions options_;
  std::vector<double> min_lrs_;
  double best_;
  std::int64_t num_bad_epochs_ = 0, cooldown_counter_ = 0, last_epoch_ = 0;
};

}  // namespace xgrad::optim
