#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <vector>

#include "xgrad/core/state/visitor.hpp"

namespace xgrad::optim {

/// One number for all groups of an optimizer, or one for each: `{.max_lr = 0.1}`, `{.max_lr = {0.1, 0.01}}`.
class PerGroup {
 public:
  PerGroup() = default;  ///< nothing, which is an error where a number is needed
  // NOLINTBEGIN(google-explicit-constructor): it stands for what it is made of
  template <class N>
  requires std::is_arithmetic_v<N> PerGroup(N value)
      : values_{static_cast<double>(value)}, one_for_all_(true) {}
  PerGroup(std::initializer_list<double> values) : values_(values) {}
  PerGroup(std::vector<double> values) : values_(std::move(values)) {}
  // NOLINTEND(google-explicit-constructor)

  bool empty() const { return values_.empty(); }
  const std::vector<double>& values() const& { return values_; }
  /// The number of each of so many groups. Throws Error, of this schedule and option, where there are others.
  std::vector<double> of(std::size_t groups, const char* schedule, const char* option) const;

 private:
  std::vector<double> values_;
  bool one_for_all_ = false;
};

}  // namespace xgrad::optim
