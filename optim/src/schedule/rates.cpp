#include "xgrad/optim/schedule/rates.hpp"

#include <cmath>
#include <string>

#include "options_check.hpp"
#include "schedule/option_places.hpp"
#include "xgrad/optim/optimizer.hpp"

namespace xgrad::optim::detail {

Rates::Rates(const char* schedule, Optimizer& optimizer)
    : schedule_(schedule),
      optimizer_(&optimizer),
      size_(optimizer.group_count()),
      initial_(optimizer.initial_lr_.lock()) {
  if (size_ == 0)
    throw Error(std::string(schedule) +
                ": the optimizer has no groups: it was moved from; use the one that it was moved to");
  if (!initial_) optimizer.initial_lr_ = initial_ = std::make_shared<std::vector<double>>();
  for (std::size_t k = initial_->size(); k < size_; ++k) initial_->push_back(optimizer.lr(k));
}

void Rates::check() const {
  if (optimizer_->group_count() != size_)
    throw Error(std::string(schedule_) + ": the optimizer has " + std::to_string(optimizer_->group_count()) +
                " groups, and had " + std::to_string(size_) +
                " when the schedule was made; make schedules after the last add_group, and do not move the "
                "optimizer");
}

void Rates::read(std::vector<double>& rates) const {
  rates.resize(size_);
  for (std::size_t k = 0; k < size_; ++k) rates[k] = optimizer_->lr(k);
}

void Rates::check(const std::vector<double>& rates, std::int64_t step) const {
  for (std::size_t k = 0; k < size_; ++k)
    if (!(rates[k] >= 0 && std::isfinite(rates[k])))
      throw Error(std::string(schedule_) + ": a learning rate must be at least 0 and finite: that of group " +
                  std::to_string(k) + " would be " + number(rates[k]) + " in step " + std::to_string(step));
}

void Rates::set(const std::vector<double>& rates) const {
  for (std::size_t k = 0; k < size_; ++k) optimizer_->set_lr(rates[k], k);
}

void Rates::visit(Visitor& v) const {
  check();
  const std::vector<double*> places = places_of(*optimizer_, "lr");
  for (std::size_t k = 0; k < size_; ++k) {
    v(std::to_string(k), *places[k]);
    v.check([this, place = places[k]] { check_not_negative(schedule_, "lr", *place); });
  }
}

}  // namespace xgrad::optim::detail
