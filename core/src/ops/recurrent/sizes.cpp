#include "ops/recurrent/sizes.hpp"

#include "kernels/loops/gather.hpp"
#include "ops/support/promote.hpp"

namespace xgrad::detail {

namespace {

/// Rows of x, as long as its last axis.
Block rows_of(const Tensor& x) {
  const std::int64_t columns = x.size(-1);
  return {1, columns == 0 ? 0 : x.numel() / columns, columns};
}

}  // namespace

Sizes::Sizes(const Operands& o, const SequenceAttributes& a)
    : steps(o[Operand::x].size(0)),
      batch(o[Operand::x].size(1)),
      in(o[Operand::x].size(2)),
      hidden(o[Operand::h].size(1)),
      width(a.gates() * hidden),
      dtype(o[Operand::x].dtype()),
      schedule(steps, batch, o[Operand::lengths].defined() ? ptr<std::int64_t>(o[Operand::lengths]) : nullptr,
               a.reverse) {}

Tensor Sizes::of_all_steps(std::int64_t columns) const {
  return whole() ? new_tensor({steps, batch, columns}, dtype) : new_tensor({schedule.total, columns}, dtype);
}

Tensor Sizes::taken(const Tensor& x, const std::vector<std::int64_t>& places) const {
  if (whole() || !x.defined()) return x;
  const auto count = static_cast<std::int64_t>(places.size());
  Tensor y = new_tensor({count, x.size(-1)}, x.dtype());
  gather_rows(x.dtype(), ptr<void>(y), ptr<void>(x), rows_of(x), places.data(), count);
  return y;
}

Tensor Sizes::put(const Tensor& x, const Shape& shape, const std::vector<std::int64_t>& places) const {
  if (whole()) return x;
  Tensor y = zeros_of(shape, x.dtype());
  add_rows(x.dtype(), ptr<void>(y), rows_of(y), ptr<void>(x), places.data(), x.size(0));
  return y;
}

}  // namespace xgrad::detail
