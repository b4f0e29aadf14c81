#include "xgrad/optim/schedule/ramp.hpp"

#include <cmath>

#include "schedule/checks.hpp"

namespace xgrad::optim {

ConstantLR::ConstantLR(Optimizer& optimizer, ConstantLrOptions options)
    : LRScheduler("ConstantLR", optimizer), options_(options) {
  start();
}

double ConstantLR::rate(std::size_t, std::int64_t step, double lr) const {
  if (step == 0) return lr * options_.factor;
  return step == options_.total_iters ? lr * (1 / options_.factor) : lr;
}

void ConstantLR::check_options() const {
  detail::check_factor(name(), "factor", options_.factor);
  detail::check_count(name(), "total_iters", options_.total_iters, 1);
}

void ConstantLR::visit_options(Visitor& v) {
  v("factor", options_.factor), v("total_iters", options_.total_iters);
}

LinearLR::LinearLR(Optimizer& optimizer, LinearLrOptions options)
    : LRScheduler("LinearLR", optimizer), options_(options) {
  start();
}

double LinearLR::rate(std::size_t, std::int64_t step, double lr) const {
  const auto& [first, last, total] = options_;
  if (step == 0) return lr * first;
  if (step > total) return lr;
  const double before = static_cast<double>(total) * first + static_cast<double>(step - 1) * (last - first);
  return lr * (1 + (last - first) / before);
}

void LinearLR::check_options() const {
  detail::check_factor(name(), "start_factor", options_.start_factor);
  detail::check_share(name(), "end_factor", options_.end_factor);
  detail::check_count(name(), "total_iters", options_.total_iters, 1);
}

void LinearLR::visit_options(Visitor& v) {
  v("start_factor", options_.start_factor), v("end_factor", options_.end_factor);
  v("total_iters", options_.total_iters);
}

PolynomialLR::PolynomialLR(Optimizer& optimizer, PolynomialLrOptions options)
    : LRScheduler("PolynomialLR", optimizer), options_(options) {
  start();
}

double PolynomialLR::rate(std::size_t, std::int64_t step, double lr) const {
  if (step == 0 || step > options_.total_iters) return lr;
  const auto left = [&](std::int64_t i) {
    return 1 - static_cast<double>(i) / static_cast<double>(options_.total_iters);
  };
  return lr * std::pow(left(step) / left(step - 1), options_.power);
}

void PolynomialLR::check_options() const {
  detail::check_count(name(), "total_iters", options_.total_iters, 1);
  detail::check_positive(name(), "power", options_.power);
}

void PolynomialLR::visit_options(Visitor& v) {
  v("total_iters", options_.total_iters), v("power", options_.power);
}

}  // namespace xgrad::optim
