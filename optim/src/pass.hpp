#pragma once

#include <array>
#include <span>
#include <type_traits>
#include <vector>

#include "xgrad/core/launch.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::optim::detail {

using xgrad::detail::Kernel;
using xgrad::detail::launch;

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

/// The door of a kernel over the elements of a parameter, of which each is read or written `accesses` times:
/// calls f(first, its elements) at once, or by blocks where there are many.
template <class T, class F>
void each_part(const Kernel& kernel, std::int64_t accesses, std::span<T> p, const F& f) {
  const auto n = static_cast<std::int64_t>(p.size());
  launch(kernel, {.bytes = n * accesses * std::int64_t{sizeof(T)}}, n,
         [&](std::int64_t first, std::int64_t last) {
           f(first, p.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
         });
}

/// One pass over a parameter, its gradient and the first n tensors of its state: calls f(p, g, s) with the
/// elements, at once or by blocks where there are many; f may take the place of the first one too. The
/// parameter and the state are written.
template <std::size_t n, class F>
void update_pass(const Kernel& kernel, Tensor& parameter, const Tensor& gradient, std::span<Tensor> state,
                 const F& f) {
  with_type(gradient.dtype(), [&]<class T>(T) {
    const std::span<T> p = parameter.mutable_data<T>();
    const T* g = gradient.data<T>().data();
    std::array<T*, n> s;
    auto next = state.begin();
    for (T*& x : s) x = (next++)->mutable_data<T>().data();
    each_part(kernel, std::int64_t{3 + 2 * n}, p, [&](std::int64_t first, std::span<T> part) {
      std::array<T*, n> from = s;
      for (T*& x : from) x += first;
      if constexpr (std::is_invocable_v<const F&, std::span<T>, const T*, std::array<T*, n>, std::int64_t>)
        f(part, g + first, from, first);
      else
        f(part, g + first, from);
    });
  });
}

/// -1 where a sum is to grow, else 1: the gradient times it is that of what is to fall.
inline double sign_of(bool maximize) { return maximize ? -1 : 1; }

}  // namespace xgrad::optim::detail
