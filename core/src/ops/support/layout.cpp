#include "ops/support/layout.hpp"

namespace xgrad::detail {

void copy_entries(EntryOf to, EntryOf from, std::int64_t count) {
  const Shape &p = to.tensor.shape(), &q = from.tensor.shape();
  std::int64_t outer = 1, inner = 1;
  for (int i = 0; i < to.axis; ++i) outer *= p[i];
  for (int i = to.axis + 1; i < p.rank(); ++i) inner *= p[i];
  LayoutCopy copy;
  copy.axis(outer, p[to.axis] * inner, q[from.axis] * inner);
  copy.axis(count * inner, 1, 1);
  copy_elements(copy, to.tensor, to.start * inner, from.tensor, from.start * inner);
}

Tensor repeated(const Tensor& x, const Shape& shape) {
  Tensor o = new_tensor(shape, x.dtype());
  const Steps to(shape), from(x.shape());
  const int added = shape.rank() - x.dim();
  LayoutCopy copy;
  for (int i = 0; i < shape.rank(); ++i) {
    const bool repeats = i < added || x.shape()[i - added] == 1;
    copy.axis(shape[i], to[i], repeats ? 0 : from[i - added]);
  }
  copy_elements(copy, o, 0, x, 0);
  return o;
}

Tensor permuted(const Tensor& x, const int* axes) {
  Shape shape = x.shape();
  for (int i = 0; i < x.dim(); ++i) shape[i] = x.shape()[axes[i]];
  Tensor o = new_tensor(shape, x.dtype());
  const Steps to(shape), from(x.shape());
  LayoutCopy copy;
  for (int i = 0; i < x.dim(); ++i) copy.axis(shape[i], to[i], from[axes[i]]);
  copy_elements(copy, o, 0, x, 0);
  return o;
}

}  // namespace xgrad::detail
