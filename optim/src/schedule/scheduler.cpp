#include "xgrad/optim/schedule/scheduler.hpp"

#include <string>
#include <utility>

#include "options_check.hpp"

namespace xgrad::optim {

LRScheduler::LRScheduler(const char* name, Optimizer& optimizer)
    : name_(name), rates_(name, optimizer), base_lrs_(rates_.initial()) {}

void LRScheduler::start(Move move) {
  check_options();
  go(move);
}

void LRScheduler::go(Move move) {
  rates_.check();
  rates_.read(next_);
  preview(move, next_);
  rates_.check(next_, step_of(move));
  advance(move);
  rates_.set(next_);
}

double LRScheduler::rate(std::size_t, std::int64_t, double lr) const { return lr; }

void LRScheduler::preview(Move move, std::vector<double>& rates) const {
  const std::int64_t step = step_of(move);
  for (std::size_t k = 0; k < groups(); ++k)
    rates[k] = rate(k, step, move == Move::restart ? base_lrs_[k] : rates[k]);
}

void LRScheduler::advance(Move move) noexcept { last_epoch_ = step_of(move); }

void LRScheduler::set_base_lrs(std::vector<double> rates, bool for_all) {
  if (for_all) rates_.initial() = rates;
  base_lrs_ = std::move(rates);
}

std::vector<double> LRScheduler::last_lr() const {
  rates_.check();
  std::vector<double> rates;
  rates_.read(rates);
  return rates;
}

void LRScheduler::visit(Visitor& v) {
  visit_all_but_rates(v);
  v.in("lr", [&] { rates_.visit(v); });
}

void LRScheduler::visit_all_but_rates(Visitor& v) {
  v.fixed("schedule", name_);
  v("last_epoch", last_epoch_), v("base_lrs", base_lrs_);
  visit_options(v);
  v.check([this] {
    if (last_epoch_ < 0)
      throw Error(std::string(name_) + ": last_epoch must be at least 0: it is " +
                  std::to_string(last_epoch_));
    for (const double lr : base_lrs_) detail::check_not_negative(name_, "base_lrs", lr);
    check_options();
  });
}

}  // namespace xgrad::optim
