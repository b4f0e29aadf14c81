#include "xgrad/core/fuse.hpp"

#include <string>

#include "errors.hpp"

// What does not depend on the lambda.

namespace xgrad::detail::fusing {

Shape check_operands(std::span<const Tensor* const> x) {
  Shape shape = x[0]->shape("fuse");
  for (const Tensor* t : x) {
    if (!is_floating(t->dtype("fuse")) || t->dtype() != x[0]->dtype()) {
      std::string all = x[0]->describe();
      for (const Tensor* more : x.subspan(1)) all += ", " + more->describe();
      fail("fuse", "the operands are " + all + "; they need one floating dtype: convert them by .to(dtype)");
    }
    shape = broadcast_shapes("fuse", shape, t->shape(), name_of(t->dtype()), name_of(t->dtype()));
  }
  return shape;
}

void no_more_derivatives() {
  fail("fuse", "third derivatives are not generated; write the function from ops where they are needed");
}

}  // namespace xgrad::detail::fusing
