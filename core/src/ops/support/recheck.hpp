#pragma once

#include "tensor/errors.hpp"
#include "xgrad/core/host_action.hpp"
#include "xgrad/core/launch.hpp"

namespace xgrad::detail {

inline constexpr Kernel recheck_kernel = {.name = "recheck", .owner = "replay"};

/// What the host has found in the elements, on which the way of an op depends, is found again in each replay
/// of a step that is being recorded: same() holds, or the replay throws. Costs nothing elsewhere.
template <class F>
void recheck(const char* op, const F& same) {
  if (!is_captured()) [[likely]]
    return;
  launch(recheck_kernel, {}, [op, same] {
    if (!same())
      fail(op,
           "the elements are such that it would be computed in another way than when the step was "
           "recorded, or out of range; capture the step again");
  });
}

}  // namespace xgrad::detail
