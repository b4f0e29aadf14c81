#include "schedule/option_places.hpp"

#include <string>
#include <unordered_map>

#include "xgrad/optim/optimizer.hpp"

namespace xgrad::optim::detail {

std::vector<double*> places_of(const Optimizer& optimizer, std::string_view option) {
  std::unordered_map<std::string, std::size_t> groups;
  for (std::size_t k = 0; k < optimizer.group_count(); ++k)
    groups.emplace("param_groups." + std::to_string(k) + "." + std::string(option), k);
  std::vector<double*> places(optimizer.group_count());
  for (const Visitor::Slot& slot : Visitor::of(optimizer).slots())
    if (const auto group = groups.find(slot.path); group != groups.end())
      if (double* const* place = std::get_if<double*>(&slot.place)) places[group->second] = *place;
  return places;
}

}  // namespace xgrad::optim::detail
