#pragma once

#include <algorithm>
#include <concepts>
#include <type_traits>
#include <vector>

#include "kernels/loops/fold.hpp"

namespace xgrad::detail {

inline constexpr Kernel scan_kernel = {.name = "scan"};

/// What running sums and products are carried in: twice the digits of float32, so that the error of a long
/// one stays below that of its result.
template <class T>
using Carry = std::conditional_t<std::same_as<T, float>, double, T>;

/// y_i = step(y_before, x_i...) along a block, y_before starting at `start`; backwards from the end if
/// `reverse`. A step is given the carried value, and the offset of its element.
template <class T, class F>
void scan(const Block& b, bool reverse, Carry<T> start, T* y, F step) {
  if (b.elements() == 0) return;
  if (longest_unheard == 0) [[unlikely]]
    return launch(scan_kernel, {.bytes = b.elements() * bytes_of<T, T>},
                  [=] { scan<T>(b, reverse, start, y, step); });
  const auto row = [&](std::int64_t k, std::int64_t i) {
    return (k * b.n + (reverse ? b.n - 1 - i : i)) * b.inner;
  };
  if (b.inner == 1) {
    for (std::int64_t k = 0; k < b.outer; ++k) {
      Carry<T> c = start;
      for (std::int64_t i = 0; i < b.n; ++i) y[row(k, i)] = static_cast<T>(c = step(c, row(k, i)));
    }
    return;
  }
  std::vector<Carry<T>> carried(static_cast<std::size_t>(b.inner));
  Carry<T>* c = carried.data();
  for (std::int64_t k = 0; k < b.outer; ++k) {
    std::fill_n(c, b.inner, start);
    for (std::int64_t i = 0; i < b.n; ++i)
      for (std::int64_t j = 0, at = row(k, i); j < b.inner; ++j) {
        c[j] = step(c[j], at + j);
        y[at + j] = static_cast<T>(c[j]);
      }
  }
}

}  // namespace xgrad::detail
