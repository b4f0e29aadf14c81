#include "xgrad/optim/schedule/plateau.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "schedule/checks.hpp"

namespace xgrad::optim {

namespace {

constexpr const char* name = "ReduceLROnPlateau";

}  // namespace

ReduceLROnPlateau::ReduceLROnPlateau(Optimizer& optimizer, ReduceLrOnPlateauOptions options)
    : rates_(name, optimizer),
      options_(std::move(options)),
      min_lrs_(options_.min_lr.of(rates_.size(), name, "min_lr")),
      best_(options_.mode == PlateauMode::min ? std::numeric_limits<double>::infinity()
                                              : -std::numeric_limits<double>::infinity()) {
  check_options();
}

bool ReduceLROnPlateau::is_better(double metric) const {
  const bool relative = options_.threshold_mode == ThresholdMode::rel;
  if (options_.mode == PlateauMode::min)
    return metric < (relative ? best_ * (1 - options_.threshold) : best_ - options_.threshold);
  return metric > (relative ? best_ * (1 + options_.threshold) : best_ + options_.threshold);
}

void ReduceLROnPlateau::step(double metric) {
  if (std::isnan(metric))
    throw Error(
        "ReduceLROnPlateau: the measure is nan; look for what made it so, AnomalyMode helps, and pass "
        "a number");
  rates_.check();
  ++last_epoch_;
  if (is_better(metric)) {
    best_ = metric;
    num_bad_epochs_ = 0;
  } else {
    ++num_bad_epochs_;
  }
  if (cooldown_counter_ > 0) {
    --cooldown_counter_;
    num_bad_epochs_ = 0;
  }
  if (num_bad_epochs_ > options_.patience) {
    reduce();
    cooldown_counter_ = options_.cooldown;
    num_bad_epochs_ = 0;
  }
}

void ReduceLROnPlateau::reduce() {
  std::vector<double> rates = last_lr();
  for (std::size_t k = 0; k < rates.size(); ++k)
    if (const double lower = std::max(rates[k] * options_.factor, min_lrs_[k]);
        rates[k] - lower > options_.eps)
      rates[k] = lower;
  rates_.set(rates);
}

std::vector<double> ReduceLROnPlateau::last_lr() const {
  rates_.check();
  std::vector<double> rates;
  rates_.read(rates);
  return rates;
}

void ReduceLROnPlateau::check_options() const {
  if (!(options_.factor >= 0 && options_.factor < 1))
    throw Error("ReduceLROnPlateau: factor must be at least 0 and below 1, so that the rates fall: got " +
                detail::number(options_.factor));
  detail::check_count(name, "patience", options_.patience, 0);
  detail::check_not_negative(name, "threshold", options_.threshold);
  detail::check_count(name, "cooldown", options_.cooldown, 0);
  for (const double lr : min_lrs_) detail::check_not_negative(name, "min_lr", lr);
  detail::check_not_negative(name, "eps", options_.eps);
}

void ReduceLROnPlateau::visit(Visitor& v) {
  ReduceLrOnPlateauOptions& o = options_;
  v.fixed("schedule", name);
  v("last_epoch", last_epoch_), v("best", best_), v("num_bad_epochs", num_bad_epochs_);
  v("cooldown_counter", cooldown_counter_);
  v.fixed("mode", o.mode == PlateauMode::min ? "min" : "max");
  v.fixed("threshold_mode", o.threshold_mode == ThresholdMode::rel ? "rel" : "abs");
  v("factor", o.factor), v("patience", o.patience), v("threshold", o.threshold), v("cooldown", o.cooldown);
  v("min_lrs", min_lrs_), v("eps", o.eps);
  v.in("lr", [&] { rates_.visit(v); });
  v.check([this] {
    check_options();
    detail::check_count(name, "last_epoch", last_epoch_, 0);
    detail::check_count(name, "num_bad_epochs", num_bad_epochs_, 0);
    detail::check_count(name, "cooldown_counter", cooldown_counter_, 0);
    if (std::isnan(best_)) throw Error("ReduceLROnPlateau: best must be a number: it is nan");
  });
}

}  // namespace xgrad::optim
