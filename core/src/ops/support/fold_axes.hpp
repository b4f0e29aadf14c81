#pragma once

#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/fold.hpp"
#include "tensor/node.hpp"

namespace xgrad::detail {

/// Where the reduced axes lie: runs of neighbours count as one axis, axes of size 1 are left out.
struct Runs {
  int reduced = 0;              ///< how many reduced runs there are
  Block last = {1, 1, 1};       ///< the last of them, seen from the whole shape
  std::uint32_t last_axes = 0;  ///< its axes, as bits

  Runs(const Shape& shape, std::uint32_t axes) {
    bool before = false;
    for (int i = shape.rank() - 1; i >= 0; --i) {
      if (shape[i] == 1) continue;
      const bool now = (axes >> i & 1) != 0;
      if (now && !before) ++reduced;
      before = now;
      if (reduced == 1 && now) {
        last.n *= shape[i];
        last_axes |= std::uint32_t{1} << i;
      } else {
        (reduced == 0 ? last.inner : last.outer) *= shape[i];
      }
    }
  }
};

/// x folded over some axes into a tensor of this shape, whose axes are those that are left; A is the element
/// type of the result. Several runs of axes are folded one after another, the last one first; a loader that
/// differs by line can do one run only.
template <class F, class A, class T, class L = Plain<A>>
Tensor fold_axes(const Tensor& x, std::uint32_t axes, const Shape& result, const L& load = {}) {
  const Runs runs(x.shape(), axes);
  if (runs.reduced <= 1) {
    Tensor o = new_tensor(result, dtype_of<A>);
    fold_one<F>(ptr<T>(x), runs.last, ptr<A>(o), load);
    return o;
  }
  Shape rest = x.shape();
  for (int i = 0; i < x.dim(); ++i)
    if (runs.last_axes >> i & 1) rest[i] = 1;
  const Tensor part = new_tensor(rest, dtype_of<A>);
  fold_one<F>(ptr<T>(x), runs.last, ptr<A>(part), load);
  return fold_axes<F, A, A>(part, axes, result);
}

}  // namespace xgrad::detail
