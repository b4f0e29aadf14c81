#include <algorithm>
#include <cstring>

#include "kernels/broadcast.hpp"
#include "kernels/dispatch.hpp"
#include "kernels/layout.hpp"

namespace xgrad::detail {

Tensor repeated(const Tensor& x, const Shape& shape) {
  Tensor o = new_tensor(shape, x.dtype());
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    T* to = ptr<T>(o);
    const T* from = ptr<T>(x);
    if (x.numel() == 1) {
      std::fill_n(to, o.numel(), *from);
      return;
    }
    const Walker<1> walk(shape, {&x.shape()});
    const std::int64_t n = walk.size[0];
    walk.each_inner([&](std::int64_t at, const auto& start) {
      if (walk.stride[0][0])
        std::memcpy(to + at, from + start[0], static_cast<std::size_t>(n) * sizeof(T));
      else
        std::fill_n(to + at, n, from[start[0]]);
    });
  });
  return o;
}

}  // namespace xgrad::detail
