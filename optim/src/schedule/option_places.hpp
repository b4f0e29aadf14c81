#pragma once

#include <string_view>
#include <vector>

namespace xgrad::optim {

class Optimizer;

namespace detail {

/// Where each group of an optimizer has an option that its `visit` names so; null for a group without.
std::vector<double*> places_of(const Optimizer& optimizer, std::string_view option);

}  // namespace detail
}  // namespace xgrad::optim
