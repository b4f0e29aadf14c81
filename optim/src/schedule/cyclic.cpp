#include "xgrad/optim/schedule/cyclic.hpp"

#include <cmath>
#include <utility>

#include "schedule/checks.hpp"

namespace xgrad::optim {

namespace {

const char* text_of(CyclicMode mode) {
  switch (mode) {
    case CyclicMode::triangular:
      return "triangular";
    case CyclicMode::triangular2:
      return "triangular2";
    default:
      return "exp_range";
  }
}

}  // namespace

CyclicLR::CyclicLR(Optimizer& optimizer, CyclicLrOptions options)
    : LRScheduler("CyclicLR", optimizer),
      options_(std::move(options)),
      max_lrs_(options_.max_lr.of(groups(), name(), "max_lr")) {
  std::vector<double> lowest = options_.base_lr.of(groups(), name(), "base_lr");
  if (options_.cycle_momentum) {
    base_momentums_ = options_.base_momentum.of(groups(), name(), "base_momentum");
    max_momentums_ = options_.max_momentum.of(groups(), name(), "max_momentum");
    momentum_ = {name(), optimizer};
  }
  for (const double lr : lowest) detail::check_not_negative(name(), "base_lr", lr);
  check_options();
  set_base_lrs(std::move(lowest), is_first());
  start();
}

double CyclicLR::height(std::int64_t step) const {
  const auto up = static_cast<double>(options_.step_size_up), now = static_cast<double>(step);
  const double total = up + static_cast<double>(options_.step_size_down.value_or(options_.step_size_up));
  const double share = up / total, cycle = std::floor(1 + now / total), x = 1 + now / total - cycle;
  const double rise = x <= share ? x / share : (x - 1) / (share - 1);

  if (options_.scale_fn)
    return rise * options_.scale_fn(options_.scale_mode == ScaleMode::cycle ? cycle : now);
  switch (options_.mode) {
    case CyclicMode::triangular:
      return rise;
    case CyclicMode::triangular2:
      return rise / std::pow(2.0, cycle - 1);
    default:
      return rise * std::pow(options_.gamma, now);
  }
}

double CyclicLR::momentum_at(std::size_t group, double height) const {
  return max_momentums_[group] - (max_momentums_[group] - base_momentums_[group]) * height;
}

double CyclicLR::rate(std::size_t group, std::int64_t step, double) const {
  return base_lr(group) + (max_lrs_[group] - base_lr(group)) * height(step);
}

void CyclicLR::preview(Move move, std::vector<double>& rates) const {
  LRScheduler::preview(move, rates);
  if (!momentum_.empty())
    for (std::size_t k = 0; k < groups(); ++k)
      detail::check_below_one(name(), "the momentum that scale_fn gives",
                              momentum_at(k, height(step_of(move))));
}

void CyclicLR::advance(Move move) noexcept {
  LRScheduler::advance(move);
  if (!momentum_.empty())
    for (std::size_t k = 0; k < groups(); ++k) momentum_.set(k, momentum_at(k, height(last_epoch())));
}

void CyclicLR::check_options() const {
  detail::check_count(name(), "step_size_up", options_.step_size_up, 1);
  if (options_.step_size_down) detail::check_count(name(), "step_size_down", *options_.step_size_down, 1);
  detail::check_not_negative(name(), "gamma", options_.gamma);
  for (const double lr : max_lrs_) detail::check_not_negative(name(), "max_lr", lr);
  for (const double m : base_momentums_) detail::check_below_one(name(), "base_momentum", m);
  for (const double m : max_momentums_) detail::check_below_one(name(), "max_momentum", m);
}

void CyclicLR::visit_options(Visitor& v) {
  v("step_size_up", options_.step_size_up), v("step_size_down", options_.step_size_down);
  v.fixed("mode", text_of(options_.mode)), v("gamma", options_.gamma);
  v("max_lr", max_lrs_), v("base_momentum", base_momentums_), v("max_momentum", max_momentums_);
  v.in("momentum", [&] { momentum_.visit(v, name()); });
}

}  // namespace xgrad::optim
