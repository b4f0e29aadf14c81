#include "xgrad/optim/schedule/swa.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "schedule/checks.hpp"

namespace xgrad::optim {

SWALR::SWALR(Optimizer& optimizer, SwaLrOptions options)
    : LRScheduler("SWALR", optimizer),
      options_(std::move(options)),
      swa_lrs_(options_.swa_lr.of(groups(), name(), "swa_lr")) {
  start();
}

/// Which part of the way to swa_lr is behind.
double SWALR::share(std::int64_t step) const {
  const double t = std::clamp(
      static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, options_.anneal_epochs)), 0.0,
      1.0);
  return options_.anneal_strategy == Anneal::linear ? t : (1 - std::cos(std::numbers::pi * t)) / 2;
}

std::int64_t SWALR::annealed(Move move) const {
  if (move == Move::next) return annealed_ + 1;
  return move == Move::restart || options_.anneal_epochs == 0 ? 1 : 0;
}

/// Takes back what of the rate is swa_lr's, so that the rest follows what others do to the rate.
void SWALR::preview(Move move, std::vector<double>& rates) const {
  const std::int64_t step = annealed(move);
  const double before = share(step - 1), now = share(step);
  for (std::size_t k = 0; k < groups(); ++k) {
    const double rest = before == 1 ? swa_lrs_[k] : (rates[k] - before * swa_lrs_[k]) / (1 - before);
    rates[k] = swa_lrs_[k] * now + rest * (1 - now);
  }
}

void SWALR::advance(Move move) noexcept {
  annealed_ = annealed(move);
  LRScheduler::advance(move);
}

void SWALR::check_options() const {
  detail::check_count(name(), "anneal_epochs", options_.anneal_epochs, 0);
  for (const double lr : swa_lrs_) detail::check_not_negative(name(), "swa_lr", lr);
}

void SWALR::visit_options(Visitor& v) {
  v("annealed", annealed_), v("anneal_epochs", options_.anneal_epochs);
  v.fixed("anneal_strategy", options_.anneal_strategy == Anneal::cos ? "cos" : "linear");
  v("swa_lrs", swa_lrs_);
  v.check([this] { detail::check_count(name(), "annealed", annealed_, 0); });
}

}  // namespace xgrad::optim
