#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "xgrad/core/state/visitor.hpp"

namespace xgrad::optim {

class Optimizer;

namespace detail {

/// The learning rates of the groups that an optimizer had when its schedule was made.
class Rates {
 public:
  /// Throws Error, of the schedule, for an optimizer without groups.
  Rates(const char* schedule, Optimizer& optimizer);

  std::size_t size() const { return size_; }
  Optimizer& optimizer() const { return *optimizer_; }
  /// The rates before the first of the living schedules of this optimizer changed them.
  std::vector<double>& initial() const { return *initial_; }
  /// True where no other schedule of this optimizer lives.
  bool is_first() const { return initial_.use_count() == 1; }

  /// Throws Error when the optimizer has other groups by now.
  void check() const;
  void read(std::vector<double>& rates) const;
  /// Throws Error for a rate below 0, or that is inf or nan, of which this is the step.
  void check(const std::vector<double>& rates, std::int64_t step) const;
  /// Gives the optimizer rates that have been checked.
  void set(const std::vector<double>& rates) const;
  /// Names the rates in the places where the optimizer has them, so that who loads a schedule has its rates
  /// too, and who loads both may do it in any order.
  void visit(Visitor& v) const;

 private:
  const char* schedule_;
  Optimizer* optimizer_;
  std::size_t size_;
  std::shared_ptr<std::vector<double>> initial_;
};

}  // namespace detail
}  // namespace xgrad::optim
