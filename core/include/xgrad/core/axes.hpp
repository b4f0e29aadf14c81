#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace xgrad {

/// A set of axes: one number, a list in braces, a vector, or nothing for all. Negative ones count from the
/// end.
///
/// `sum(x, {})` sums over all axes; an empty vector names none, so that nothing is summed.
class Axes {
 public:
  static constexpr int max_count = 32;

  Axes() : count_(-1) {}
  Axes(int axis) : count_(1) { axes_[0] = axis; }                               // NOLINT
  Axes(std::initializer_list<int> axes) { take({axes.begin(), axes.size()}); }  // NOLINT
  Axes(const std::vector<int>& axes) { take(axes); }                            // NOLINT

  bool all() const { return count_ < 0; }
  /// The axes as they were given; empty for all.
  std::span<const int> list() const { return {axes_, static_cast<std::size_t>(all() ? 0 : count_)}; }

 private:
  void take(std::span<const int> axes);  // throws Error for more than a tensor can have

  int count_;
  int axes_[max_count];  // inside, so that naming axes allocates nothing
};

}  // namespace xgrad
