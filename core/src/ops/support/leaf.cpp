#include "ops/support/leaf.hpp"

#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::detail {

Tensor without_tape(const Tensor& x) {
  const NoGrad guard;
  return reshape(x, x.shape());
}

Tensor leaf_of(const Tensor& x) {
  Tensor leaf = without_tape(x);
  leaf.requires_grad_();
  return leaf;
}

}  // namespace xgrad::detail
