#pragma once

#include <span>
#include <type_traits>

#include "xgrad/core/tensor.hpp"

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

}  // namespace xgrad::optim::detail
