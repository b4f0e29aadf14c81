#pragma once

#include "kernels/loops/part_walk.hpp"
#include "tensor/node.hpp"

namespace xgrad::detail {

/// y = the part of x.
inline void take_part(const Tensor& y, const Tensor& x, const PartLayout& part, const Tensor& offsets) {
  take_part(x.dtype(), ptr<void>(y), ptr<void>(x), part, ptr<const std::int64_t>(offsets));
}

/// The part of x = y, or += y.
inline void put_part(const Tensor& x, const Tensor& y, const PartLayout& part, const Tensor& offsets,
                     bool add) {
  put_part(x.dtype(), ptr<void>(x), ptr<void>(y), part, ptr<const std::int64_t>(offsets), add);
}

}  // namespace xgrad::detail
