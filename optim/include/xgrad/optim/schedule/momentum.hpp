#pragma once

#include <vector>

#include "xgrad/core/state/visitor.hpp"

namespace xgrad::optim {

class Optimizer;

namespace detail {

/// The momentum of each group of an optimizer, or the first of its betas, where a schedule changes it.
class MomentumOfGroups {
 public:
  MomentumOfGroups() = default;  ///< none is changed
  /// Throws Error, of the schedule, for a group without.
  MomentumOfGroups(const char* schedule, const Optimizer& optimizer);

  void set(std::size_t group, double momentum) const noexcept { *places_[group] = momentum; }
  void visit(Visitor& v, const char* schedule) const;
  bool empty() const { return places_.empty(); }

 private:
  std::vector<double*> places_;
};

}  // namespace detail
}  // namespace xgrad::optim
