#include "xgrad/optim/schedule/one_cycle.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "schedule/checks.hpp"

namespace xgrad::optim {

namespace {

/// From `from` to `to` as the share goes from 0 to 1.
double anneal(Anneal strategy, double from, double to, double share) {
  if (strategy == Anneal::linear) return (to - from) * share + from;
  return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * share));
}

}  // namespace

OneCycleLR::OneCycleLR(Optimizer& optimizer, OneCycleLrOptions options)
    : LRScheduler("OneCycleLR", optimizer),
      options_(std::move(options)),
      max_lrs_(options_.max_lr.of(groups(), name(), "max_lr")) {
  if (options_.cycle_momentum) {
    base_momentums_ = options_.base_momentum.of(groups(), name(), "base_momentum");
    max_momentums_ = options_.max_momentum.of(groups(), name(), "max_momentum");
    momentum_ = {name(), optimizer};
  }
  check_options();
  std::vector<double> first = max_lrs_;
  for (double& lr : first) lr /= options_.div_factor;
  set_base_lrs(std::move(first), true);
  start();
}

std::int64_t OneCycleLR::total_steps() const {
  return options_.total_steps ? options_.total_steps : options_.epochs * options_.steps_per_epoch;
}

double OneCycleLR::at(std::int64_t step, const Levels& levels) const {
  const auto total = static_cast<double>(total_steps()), now = std::min(static_cast<double>(step), total - 1);
  const double up = options_.pct_start * total - 1;
  const std::array<double, 3> ends = {
      up, options_.three_phase ? 2 * options_.pct_start * total - 2 : total - 1, total - 1};
  double begin = 0;
  std::size_t i = 0;
  for (; now > ends[i]; ++i) begin = ends[i];
  const double share = ends[i] > begin ? (now - begin) / (ends[i] - begin) : 1;
  return anneal(options_.anneal_strategy, levels[i], levels[i + 1], share);
}

double OneCycleLR::rate(std::size_t group, std::int64_t step, double) const {
  if (step > total_steps())
    throw Error("OneCycleLR: the cycle is over: it has " + std::to_string(total_steps()) +
                " steps, and this would be step " + std::to_string(step) +
                "; give it as many total_steps as the training has batches, or restart it");
  const double first = base_lr(group), last = first / options_.final_div_factor;
  return at(step, {first, max_lrs_[group], options_.three_phase ? first : last, last});
}

void OneCycleLR::advance(Move move) noexcept {
  LRScheduler::advance(move);
  if (!momentum_.empty())
    for (std::size_t k = 0; k < groups(); ++k)
      momentum_.set(
          k, at(last_epoch(), {max_momentums_[k], base_momentums_[k], max_momentums_[k], max_momentums_[k]}));
}

void OneCycleLR::check_options() const {
  const auto& o = options_;
  if (o.total_steps == 0 && (o.epochs == 0 || o.steps_per_epoch == 0))
    throw Error(
        "OneCycleLR: the number of steps is missing; give total_steps, or both epochs and "
        "steps_per_epoch");
  detail::check_count(name(), "total_steps", total_steps(), 1);
  if (o.total_steps == 0) detail::check_count(name(), "epochs", o.epochs, 1);
  detail::check_share(name(), "pct_start", o.pct_start);
  if (o.three_phase && o.pct_start > 0.5)
    throw Error(
        "OneCycleLR: three_phase needs pct_start of at most 0.5, as the way down is as long as that up: "
        "got " +
        detail::number(o.pct_start));
  detail::check_positive(name(), "div_factor", o.div_factor);
  detail::check_positive(name(), "final_div_factor", o.final_div_factor);
  for (const double lr : max_lrs_) detail::check_not_negative(name(), "max_lr", lr);
  for (const double m : base_momentums_) detail::check_below_one(name(), "base_momentum", m);
  for (const double m : max_momentums_) detail::check_below_one(name(), "max_momentum", m);
}

void OneCycleLR::visit_options(Visitor& v) {
  OneCycleLrOptions& o = options_;
  v("total_steps", o.total_steps), v("epochs", o.epochs), v("steps_per_epoch", o.steps_per_epoch);
  v("pct_start", o.pct_start), v("div_factor", o.div_factor), v("final_div_factor", o.final_div_factor);
  v("three_phase", o.three_phase);
  v.fixed("anneal_strategy", o.anneal_strategy == Anneal::cos ? "cos" : "linear");
  v("max_lr", max_lrs_), v("base_momentum", base_momentums_), v("max_momentum", max_momentums_);
  v.in("momentum", [&] { momentum_.visit(v, name()); });
}

}  // namespace xgrad::optim
