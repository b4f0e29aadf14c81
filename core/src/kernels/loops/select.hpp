#pragma once

#include "xgrad/core/broadcast.hpp"
#include "xgrad/core/dtype.hpp"

namespace xgrad::detail {

/// o = a where the condition holds, else b, elements of this dtype; the walk's operands are the condition, a
/// and b.
void select_walk(DType dtype, const Walker<3>& walk, void* o, const bool* condition, const void* a,
                 const void* b);

}  // namespace xgrad::detail
