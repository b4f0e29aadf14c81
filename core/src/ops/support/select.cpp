#include "kernels/loops/select.hpp"

#include "ops/support/elementwise.hpp"

namespace xgrad::detail {

Tensor select_elements(const Tensor& condition, const Tensor& a, const Tensor& b) {
  const Shape shape = broadcast_shapes("where", condition.shape(), broadcast_shapes("where", a, b), "bool",
                                       name_of(a.dtype()));
  Tensor o = new_tensor(shape, a.dtype());
  select_walk(a.dtype(), {shape, {&condition.shape(), &a.shape(), &b.shape()}}, ptr<void>(o),
              ptr<const bool>(condition), ptr<const void>(a), ptr<const void>(b));
  return o;
}

}  // namespace xgrad::detail
