#pragma once

#include <span>
#include <type_traits>

#include "xgrad/core/tensor.hpp"
#include "xgrad/core/threads.hpp"

namespace xgrad::optim::detail {

/// Calls f with a zero of the C++ type of a floating dtype.
template <class F>
void with_type(DType dtype, F f) {
  if (dtype == float32)
    f(float{});
  else
    f(double{});
}

/// Calls f with each flag as a type, std::true_type or std::false_type, so that a pass holds no branch on it.
template <class F>
void with_flags(F f) {
  f();
}
template <class F, class... Flags>
void with_flags(F f, bool flag, Flags... others) {
  if (flag)
    with_flags([&](auto... known) { f(std::true_type{}, known...); }, others...);
  else
    with_flags([&](auto... known) { f(std::false_type{}, known...); }, others...);
}

/// Calls f(first, its elements) for the elements of a parameter: at once, or by blocks where there are many.
template <class T, class F>
void each_part(std::span<T> p, const F& f) {
  xgrad::detail::in_blocks(static_cast<std::int64_t>(p.size()), [&](std::int64_t first, std::int64_t last) {
    f(first, p.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
  });
}

}  // namespace xgrad::optim::detail
