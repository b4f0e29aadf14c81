#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/core/state/visitor.hpp"
#include "xgrad/optim/optimizer.hpp"
#include "xgrad/optim/schedule/rates.hpp"

namespace xgrad::optim {

/// Changes the learning rates of an optimizer from step to step; the base of all schedules.
///
///     optim::SGD sgd(model, {.lr = 0.1, .momentum = 0.9});
///     optim::CosineAnnealingLR schedule(sgd, {.T_max = epochs});
///     for (int epoch = 0; epoch < epochs; ++epoch) {
///       for (...) sgd.step();
///       schedule.step();
///     }
///
/// A step is whatever the caller counts, an epoch or a batch. A schedule is made after the last group of its
/// optimizer, sets the rates of step 0 at once, and must not outlive the optimizer. Rates are computed from
/// the rates before, as in PyTorch 1.13, so that several schedules of one optimizer multiply, and a set_lr
/// in between stays. What they start from, the initial rates, are those before the first schedule of the
/// optimizer that is still alive.
///
/// All that the next steps depend on is named by `visit`: a schedule that is made with the same optimizer and
/// options, and loads a state, goes on from there; the rates of the optimizer are a part of it.
///
/// Every constructor, step and load throws Error, and changes nothing, for an option out of its range, an
/// optimizer whose groups have changed, and a rate that would be below 0, inf or nan.
///
/// A schedule of one's own says how a rate goes on:
///
///     class Halves : public optim::LRScheduler {
///      public:
///       explicit Halves(optim::Optimizer& optimizer) : LRScheduler("Halves", optimizer) { start(); }
///
///      private:
///       double rate(std::size_t, std::int64_t step, double lr) const override { return step ? lr / 2 : lr; }
///     };
class LRScheduler : public Stateful {
 public:
  LRScheduler(const LRScheduler&) = delete;
  LRScheduler& operator=(const LRScheduler&) = delete;

  /// Goes on to the next step: call it after the optimizer's own step, or after an epoch of them.
  void step() { go(Move::next); }
  /// Goes back to step 0, and to the initial rates; MultiplicativeLR and SWALR, which go on from the rates
  /// that there are, begin from those.
  void restart() { go(Move::restart); }

  /// The learning rates of the groups, as the last step set them.
  std::vector<double> last_lr() const;
  /// The number of steps so far.
  std::int64_t last_epoch() const { return last_epoch_; }
  const Optimizer& optimizer() const { return rates_.optimizer(); }

  void visit(Visitor& v) override;

 protected:
  enum class Move : std::uint8_t {
    next,
    begin,    ///< to step 0, from the rates that there are
    restart,  ///< to step 0, from the initial rates
  };

  /// The name is a literal, by which errors and states know the schedule.
  LRScheduler(const char* name, Optimizer& optimizer);
  LRScheduler(LRScheduler&&) = default;
  LRScheduler& operator=(LRScheduler&&) = default;

  /// Checks the options and sets the rates of step 0: the last that a constructor does.
  void start(Move move = Move::begin);

  /// The rate of a group in a step, from that before; in step 0 from the initial one.
  virtual double rate(std::size_t group, std::int64_t step, double lr) const;
  /// Throws Error for an option out of its range.
  virtual void check_options() const {}
  /// Names the options, and what else the schedule has beyond the number of steps.
  virtual void visit_options(Visitor&) {}

  // What schedules of schedules override: all rates of a move from those that there are, without a change
  // of anything, and the move itself.
  virtual void preview(Move move, std::vector<double>& rates) const;
  virtual void advance(Move move) noexcept;

  const char* name() const { return name_; }
  std::size_t groups() const { return rates_.size(); }
  double base_lr(std::size_t group) const { return base_lrs_[group]; }
  /// Starts from other rates than the optimizer's, and `for_all` schedules that are made after it too.
  void set_base_lrs(std::vector<double> rates, bool for_all);
  bool is_first() const { return rates_.is_first(); }
  /// The step that a move leads to.
  std::int64_t step_of(Move move) const { return move == Move::next ? last_epoch_ + 1 : 0; }

  // The same of a schedule that another one holds.
  static void preview(const LRScheduler& part, Move move, std::vector<double>& rates) {
    part.preview(move, rates);
  }
  static void advance(LRScheduler& part, Move move) noexcept { part.advance(move); }
  static void visit(LRScheduler& part, Visitor& v) { part.visit_all_but_rates(v); }

 private:
  void go(Move move);
  void visit_all_but_rates(Visitor& v);

  const char* name_;
  detail::Rates rates_;
  std::vector<double> base_lrs_;
  std::int64_t last_epoch_ = 0;
  std::vector<double> next_;  ///< the rates that a move leads to, kept so that a step allocates nothing
};

}  // namespace xgrad::optim
