#include "xgrad/optim/schedule/composed.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "schedule/checks.hpp"

namespace xgrad::optim {

namespace {

void check_parts(const char* name, const std::vector<AnyScheduler>& parts, const Optimizer& optimizer) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string nth = std::string(name) + ": scheduler " + std::to_string(i);
    if (&parts[i]->optimizer() != &optimizer)
      throw Error(nth + " is of another optimizer; make all of them with the same one");
    for (std::size_t j = 0; j < i; ++j)
      if (&*parts[j] == &*parts[i])
        throw Error(nth + " was listed before, as scheduler " + std::to_string(j) + "; list each once");
  }
}

Optimizer& optimizer_of(const char* name, const std::vector<AnyScheduler>& parts) {
  if (parts.empty()) throw Error(std::string(name) + ": the list of schedulers is empty; give at least one");
  return const_cast<Optimizer&>(parts[0]->optimizer());  // NOLINT: the one that it was made with, to change
}

}  // namespace

SequentialLR::SequentialLR(Optimizer& optimizer, std::vector<AnyScheduler> schedulers,
                           std::vector<std::int64_t> milestones)
    : LRScheduler("SequentialLR", optimizer),
      schedulers_(std::move(schedulers)),
      milestones_(std::move(milestones)) {
  check_parts(name(), schedulers_, optimizer);
  start(Move::restart);
}

SequentialLR::Turn SequentialLR::turn_of(Move move) const {
  if (move != Move::next) return {schedulers_.front(), Move::begin};
  const std::int64_t step = step_of(move);
  const auto behind = std::upper_bound(milestones_.begin(), milestones_.end(), step);
  const bool starts = behind != milestones_.begin() && *std::prev(behind) == step;
  return {schedulers_[static_cast<std::size_t>(behind - milestones_.begin())],
          starts ? Move::restart : Move::next};
}

void SequentialLR::preview(Move move, std::vector<double>& rates) const {
  if (move == Move::restart)
    for (std::size_t k = 0; k < groups(); ++k) rates[k] = base_lr(k);
  const Turn turn = turn_of(move);
  LRScheduler::preview(*turn.scheduler, turn.move, rates);
}

void SequentialLR::advance(Move move) noexcept {
  const Turn turn = turn_of(move);
  LRScheduler::advance(*turn.scheduler, turn.move);
  LRScheduler::advance(move);
}

void SequentialLR::check_options() const {
  if (schedulers_.size() != milestones_.size() + 1)
    throw Error("SequentialLR: there must be one scheduler more than milestones: got " +
                std::to_string(schedulers_.size()) + " schedulers, " + std::to_string(milestones_.size()) +
                " milestones");
  std::int64_t least = 1;
  for (const std::int64_t milestone : milestones_) {
    detail::check_count(name(), "a milestone", milestone, least);
    least = milestone + 1;
  }
}

void SequentialLR::visit_options(Visitor& v) {
  v("milestones", milestones_);
  for (std::size_t i = 0; i < schedulers_.size(); ++i)
    v.in("schedulers." + std::to_string(i), [&] { LRScheduler::visit(*schedulers_[i], v); });
}

ChainedScheduler::ChainedScheduler(std::vector<AnyScheduler> schedulers)
    : LRScheduler("ChainedScheduler", optimizer_of("ChainedScheduler", schedulers)),
      schedulers_(std::move(schedulers)) {
  check_parts(name(), schedulers_, optimizer());
}

void ChainedScheduler::preview(Move move, std::vector<double>& rates) const {
  if (move == Move::restart)
    for (std::size_t k = 0; k < groups(); ++k) rates[k] = base_lr(k);
  for (const AnyScheduler& part : schedulers_)
    LRScheduler::preview(*part, move == Move::next ? move : Move::begin, rates);
}

void ChainedScheduler::advance(Move move) noexcept {
  for (const AnyScheduler& part : schedulers_)
    LRScheduler::advance(*part, move == Move::next ? move : Move::begin);
  LRScheduler::advance(move);
}

void ChainedScheduler::visit_options(Visitor& v) {
  for (std::size_t i = 0; i < schedulers_.size(); ++i)
    v.in("schedulers." + std::to_string(i), [&] { LRScheduler::visit(*schedulers_[i], v); });
}

}  // namespace xgrad::optim
