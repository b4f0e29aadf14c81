#pragma once

#include <algorithm>
#include <array>

#include "xgrad/core/launch.hpp"

namespace xgrad::detail {

inline constexpr Kernel reduce_kernel = {.name = "reduce"};

/// Where a run of n > unit elements is cut in two: at a multiple of the unit.
inline std::int64_t half_of(std::int64_t n, std::int64_t unit) { return (n / 2 + unit - 1) / unit * unit; }

/// The value of the run [0, n), n > unit: the joined values of its halves, each of which value(first, count)
/// gives. A large run is cut further at the same places, and its parts are given to several threads. A part
/// of a kernel, which has passed its door.
template <class A, class Value, class Join>
A by_halves(std::int64_t n, std::int64_t unit, const Value& value, const Join& join) {
  if (n <= large_work) [[likely]] {
    const std::int64_t half = half_of(n, unit);
    A left = value(std::int64_t{0}, half);
    join(left, value(half, n - half));
    return left;
  }
  struct Part {
    std::int64_t first, count;
    A value;
  };
  const std::int64_t most = std::max(block_elements, n / 32);  // elements of a part
  std::array<Part, 128> parts;
  std::int64_t count = 0;
  const auto cut = [&](auto& self, std::int64_t first, std::int64_t m) -> void {
    if (m <= most) return static_cast<void>(parts[static_cast<std::size_t>(count++)] = {first, m, A()});
    const std::int64_t half = half_of(m, unit);
    self(self, first, half);
    self(self, first + half, m - half);
  };
  cut(cut, 0, n);
  parallel_for(count, 1, [&](std::int64_t i, std::int64_t) {
    Part& part = parts[static_cast<std::size_t>(i)];
    part.value = value(part.first, part.count);
  });
  const Part* next = parts.data();
  const auto joined = [&](auto& self, std::int64_t m) -> A {
    if (m <= most) return (next++)->value;
    const std::int64_t half = half_of(m, unit);
    A left = self(self, half);
    join(left, self(self, m - half));
    return left;
  };
  return joined(joined, n);
}

}  // namespace xgrad::detail
