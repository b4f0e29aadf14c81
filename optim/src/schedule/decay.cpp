#include "xgrad/optim/schedule/decay.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "schedule/checks.hpp"

namespace xgrad::optim {

StepLR::StepLR(Optimizer& optimizer, StepLrOptions options)
    : LRScheduler("StepLR", optimizer), options_(options) {
  start();
}

double StepLR::rate(std::size_t, std::int64_t step, double lr) const {
  return step == 0 || step % options_.step_size != 0 ? lr : lr * options_.gamma;
}

void StepLR::check_options() const {
  detail::check_count(name(), "step_size", options_.step_size, 1);
  detail::check_not_negative(name(), "gamma", options_.gamma);
}

void StepLR::visit_options(Visitor& v) { v("step_size", options_.step_size), v("gamma", options_.gamma); }

MultiStepLR::MultiStepLR(Optimizer& optimizer, MultiStepLrOptions options)
    : LRScheduler("MultiStepLR", optimizer), options_(std::move(options)) {
  start();
}

double MultiStepLR::rate(std::size_t, std::int64_t step, double lr) const {
  const auto times = std::count(options_.milestones.begin(), options_.milestones.end(), step);
  return times ? lr * std::pow(options_.gamma, times) : lr;
}

void MultiStepLR::check_options() const {
  if (options_.milestones.empty())
    throw Error(
        "MultiStepLR: milestones is empty; give the steps that change the rates, {.milestones = {30, 80}}");
  for (const std::int64_t milestone : options_.milestones)
    detail::check_count(name(), "a milestone", milestone, 0);
  detail::check_not_negative(name(), "gamma", options_.gamma);
}

void MultiStepLR::visit_options(Visitor& v) {
  v("milestones", options_.milestones), v("gamma", options_.gamma);
}

ExponentialLR::ExponentialLR(Optimizer& optimizer, ExponentialLrOptions options)
    : LRScheduler("ExponentialLR", optimizer), options_(options) {
  start();
}

double ExponentialLR::rate(std::size_t, std::int64_t step, double lr) const {
  return step == 0 ? lr : lr * options_.gamma;
}

void ExponentialLR::check_options() const { detail::check_positive(name(), "gamma", options_.gamma); }

void ExponentialLR::visit_options(Visitor& v) { v("gamma", options_.gamma); }

}  // namespace xgrad::optim
