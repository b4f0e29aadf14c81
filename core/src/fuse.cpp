#include "xgrad/core/fuse.hpp"

#include <string>

#include "errors.hpp"

// What does not depend on the lambda.

namespace xgrad::detail::fusing {

Shape check_operands(std::span<const Tensor* const> x) {
  const auto list = [&] {
    std::string s;
    for (const Tensor* t : x) s += (s.empty() ? "" : ", ") + t->describe();
    return s;
  };
  Shape shape = x[0]->shape();
  for (const Tensor* t : x)
    if (!is_floating(t->dtype()) || t->dtype() != x[0]->dtype())
      fail("fuse",
           "the operands are " + list() + "; they need one floating dtype: convert them by .to(dtype)");
  try {
    for (const Tensor* t : x) shape = broadcast_shapes("fuse", shape, t->shape());
  } catch (const Error&) {
    fail("fuse", "the shapes of " + list() + " do not broadcast: from the right, sizes must agree or be 1");
  }
  return shape;
}

void no_more_derivatives() {
  fail("fuse", "third derivatives are not generated; write the function from ops where they are needed");
}

}  // namespace xgrad::detail::fusing
