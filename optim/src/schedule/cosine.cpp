#include "xgrad/optim/schedule/cosine.hpp"

#include <cmath>
#include <numbers>

#include "schedule/checks.hpp"

namespace xgrad::optim {

namespace {

/// 1 + cos(pi step / steps).
double height(std::int64_t step, std::int64_t steps) {
  return 1 + std::cos(std::numbers::pi * static_cast<double>(step) / static_cast<double>(steps));
}

}  // namespace

CosineAnnealingLR::CosineAnnealingLR(Optimizer& optimizer, CosineAnnealingLrOptions options)
    : LRScheduler("CosineAnnealingLR", optimizer), options_(options) {
  start();
}

double CosineAnnealingLR::rate(std::size_t group, std::int64_t step, double lr) const {
  const auto& [steps, low] = options_;
  if (step == 0) return lr;
  if ((step - 1 - steps) % (2 * steps) == 0)  // from the lowest point, which has lost what was multiplied
    return lr + (base_lr(group) - low) * (1 - std::cos(std::numbers::pi / static_cast<double>(steps))) / 2;
  return height(step, steps) / height(step - 1, steps) * (lr - low) + low;
}

void CosineAnnealingLR::check_options() const {
  detail::check_count(name(), "T_max", options_.T_max, 1);
  detail::check_not_negative(name(), "eta_min", options_.eta_min);
}

void CosineAnnealingLR::visit_options(Visitor& v) {
  v("T_max", options_.T_max), v("eta_min", options_.eta_min);
}

CosineAnnealingWarmRestarts::CosineAnnealingWarmRestarts(Optimizer& optimizer,
                                                         CosineAnnealingWarmRestartsOptions options)
    : LRScheduler("CosineAnnealingWarmRestarts", optimizer), options_(options) {
  start();
}

double CosineAnnealingWarmRestarts::rate(std::size_t group, std::int64_t step, double) const {
  const auto& [first, growth, low] = options_;
  std::int64_t t = growth == 1 ? step % first : step, steps = first;
  for (; t >= steps; steps *= growth) t -= steps;
  return low + (base_lr(group) - low) * height(t, steps) / 2;
}

void CosineAnnealingWarmRestarts::check_options() const {
  detail::check_count(name(), "T_0", options_.T_0, 1);
  detail::check_count(name(), "T_mult", options_.T_mult, 1);
  detail::check_not_negative(name(), "eta_min", options_.eta_min);
}

void CosineAnnealingWarmRestarts::visit_options(Visitor& v) {
  v("T_0", options_.T_0), v("T_mult", options_.T_mult), v("eta_min", options_.eta_min);
}

}  // namespace xgrad::optim
