#include "axis.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

namespace xgrad::train {

namespace {

constexpr double wanted_ticks = 5;

/// The least of 1, 2, 5, 10, 20, ... times a power of ten that is not below x.
double round_step(double x) {
  const double power = std::pow(10, std::floor(std::log10(x)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= x * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

}  // namespace

bool Axis::has(double number) const { return std::isfinite(number) && (!logarithmic_ || number > 0); }

double Axis::scaled(double number) const { return logarithmic_ ? std::log10(number) : number; }

Axis::Axis(const std::vector<double>& numbers, bool logarithmic, double begin, double end)
    : logarithmic_(logarithmic), begin_(begin), end_(end) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double number : numbers)
    if (has(number)) low = std::min(low, scaled(number)), high = std::max(high, scaled(number));
  if (low > high) return;
  if (low == high) low -= low == 0 ? 1 : std::abs(low) / 2, high += high == 0 ? 1 : std::abs(high) / 2;
  step_ = round_step((high - low) / wanted_ticks);
  if (logarithmic_) step_ = std::max(1.0, std::ceil(step_));
  low_ = step_ * std::floor(low / step_ + 1e-9);
  high_ = step_ * std::ceil(high / step_ - 1e-9);
}

double Axis::at(double number) const {
  return begin_ + (end_ - begin_) * (scaled(number) - low_) / (high_ - low_);
}

std::vector<Axis::Tick> Axis::ticks() const {
  std::vector<Tick> ticks;
  const auto count = std::llround((high_ - low_) / step_);
  for (long long i = 0; i <= count; ++i) {
    const double number = low_ + step_ * static_cast<double>(i);
    std::array<char, 48> text{};
    if (logarithmic_)
      std::snprintf(text.data(), text.size(), "1e%.0f", number);
    else
      std::snprintf(text.data(), text.size(), "%.6g", std::abs(number) < step_ * 1e-9 ? 0 : number);
    ticks.push_back(
        {begin_ + (end_ - begin_) * static_cast<double>(i) / static_cast<double>(count), text.data()});
  }
  return ticks;
}

}  // namespace xgrad::train
