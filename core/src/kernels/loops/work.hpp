#pragma once

#include "xgrad/core/launch.hpp"

// What kernels say of their work at the door.

namespace xgrad::detail {

/// Bytes of an element of each of these types.
template <class... T>
inline constexpr std::int64_t bytes_of = (std::int64_t{sizeof(T)} + ...);

/// The door of a kernel that makes a value and is not cut into blocks: f().
template <class F>
auto launch_value(const Kernel& kernel, Work work, const F& f) {
  decltype(f()) y;
  launch(kernel, work, [&] { y = f(); });
  return y;
}

}  // namespace xgrad::detail
