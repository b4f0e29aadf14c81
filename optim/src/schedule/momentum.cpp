#include "xgrad/optim/schedule/momentum.hpp"

#include <string>

#include "options_check.hpp"
#include "schedule/option_places.hpp"

namespace xgrad::optim::detail {

MomentumOfGroups::MomentumOfGroups(const char* schedule, const Optimizer& optimizer)
    : places_(places_of(optimizer, "momentum")) {
  const std::vector<double*> betas = places_of(optimizer, "betas.0");
  const std::string op = std::string(schedule) + ": ";
  for (std::size_t k = 0; k < places_.size(); ++k) {
    if (places_[k] && *places_[k] == 0)
      throw Error(op + "cycle_momentum needs momentum above 0: that of group " + std::to_string(k) +
                  " is 0; make the optimizer with {.momentum = 0.9}, or pass {.cycle_momentum = false}");
    if (!places_[k]) places_[k] = betas[k];
    if (!places_[k])
      throw Error(op + "cycle_momentum needs an optimizer with momentum or betas: group " +
                  std::to_string(k) + " has neither; pass {.cycle_momentum = false}");
  }
}

void MomentumOfGroups::visit(Visitor& v, const char* schedule) const {
  for (std::size_t k = 0; k < places_.size(); ++k) {
    v(std::to_string(k), *places_[k]);
    v.check([schedule, place = places_[k]] { check_below_one(schedule, "momentum", *place); });
  }
}

}  // namespace xgrad::optim::detail
