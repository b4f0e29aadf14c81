#include "xgrad/optim/schedule/warmup.hpp"

#include <utility>

#include "schedule/checks.hpp"

namespace xgrad::optim {

WarmupLR::WarmupLR(Optimizer& optimizer, WarmupLrOptions options)
    : WarmupLR(std::nullopt, optimizer, options) {}

WarmupLR::WarmupLR(Optimizer& optimizer, WarmupLrOptions options, AnyScheduler then)
    : WarmupLR(std::optional(std::move(then)), optimizer, options) {}

WarmupLR::WarmupLR(std::optional<AnyScheduler> then, Optimizer& optimizer, WarmupLrOptions options)
    : LRScheduler("WarmupLR", optimizer), options_(options), then_(std::move(then)), whole_(last_lr()) {
  if (then_ && &(*then_)->optimizer() != &optimizer)
    throw Error("WarmupLR: the schedule behind the warm-up is of another optimizer; make both with the same");
  start();
}

double WarmupLR::factor(std::int64_t step) const {
  const auto all = static_cast<double>(options_.steps);
  const double first = options_.start_factor.value_or(1 / (all + 1));
  return first + (1 - first) * static_cast<double>(step) / all;
}

void WarmupLR::preview(Move move, std::vector<double>& rates) const {
  const std::int64_t step = step_of(move);
  for (std::size_t k = 0; k < groups() && step <= options_.steps; ++k)
    rates[k] = step < options_.steps ? whole_[k] * factor(step) : whole_[k];
  if (then_ && step >= options_.steps) LRScheduler::preview(**then_, turn_of(move), rates);
}

void WarmupLR::advance(Move move) noexcept {
  if (then_ && step_of(move) >= options_.steps) LRScheduler::advance(**then_, turn_of(move));
  LRScheduler::advance(move);
}

void WarmupLR::check_options() const {
  detail::check_count(name(), "steps", options_.steps, 0);
  if (options_.start_factor) detail::check_share(name(), "start_factor", *options_.start_factor);
  for (const double lr : whole_) detail::check_not_negative(name(), "whole_lrs", lr);
}

void WarmupLR::visit_options(Visitor& v) {
  v("steps", options_.steps), v("start_factor", options_.start_factor), v("whole_lrs", whole_);
  if (then_) v.in("then", [&] { LRScheduler::visit(**then_, v); });
}

}  // namespace xgrad::optim
