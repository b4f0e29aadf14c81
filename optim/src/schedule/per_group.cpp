#include "xgrad/optim/schedule/per_group.hpp"

#include "xgrad/core/error.hpp"

namespace xgrad::optim {

std::vector<double> PerGroup::of(std::size_t groups, const char* schedule, const char* option) const {
  const std::string op = std::string(schedule) + ": ";
  if (values_.empty())
    throw Error(op + option +
                " is missing; give one number, or one for each of the groups of the optimizer, {." + option +
                " = 0.1}");
  if (one_for_all_) return std::vector<double>(groups, values_[0]);
  if (values_.size() != groups)
    throw Error(op + option + " has another length than the optimizer has groups: it is " +
                std::to_string(values_.size()) + ", the optimizer has " + std::to_string(groups) +
                "; give one number for each, or one number for all");
  return values_;
}

}  // namespace xgrad::optim
