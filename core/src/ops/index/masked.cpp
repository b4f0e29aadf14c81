#include <algorithm>

#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/work.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

// Parts by masks, and the places where a mask is true.

namespace xgrad {

using namespace detail;

namespace {

constexpr Kernel nonzero_kernel = {.name = "nonzero"};

void check_mask(const char* op, const Tensor& x, const Tensor& mask, bool into_x) {
  if (mask.dtype(op) != boolean)
    fail(op, "the mask must be boolean: it is " + mask.describe() + "; compare it, as in x > 0");
  const Shape both = broadcast_shapes(op, x, mask);
  if (into_x && !(both == x.shape()))
    fail(op, "the mask does not broadcast to x: x is " + x.describe() + ", the mask is " + mask.describe() +
                 "; sizes must agree, or the mask's be 1");
}

}  // namespace

Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value) {
  check_mask("masked_fill", x, mask, true);
  if (x.dtype() == boolean || dtype_with(x, value) == x.dtype())
    return where(mask, constant(value, x.dtype()), x);
  fail("masked_fill", "the value does not fit x: x is " + x.describe() +
                          ", the value is a floating number; convert x with x.to(float32)");
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value) {
  check_mask("masked_fill", x, mask, true);
  if (value.dim() != 0 || value.dtype() != x.dtype())
    fail("masked_fill", "the value must be a number of x's dtype: x is " + x.describe() + ", the value is " +
                            value.describe());
  return where(mask, value, x);
}

namespace {

/// Writes the places of what is not 0 one after another.
template <class T>
void write_places(const T* p, std::int64_t n, const Shape& shape, std::int64_t* to) {
  for (std::int64_t i = 0; i < n; ++i) {
    if (p[i] == T{0}) continue;
    std::int64_t rest = i;
    for (int k = shape.rank() - 1; k >= 0; --k) {
      to[k] = rest % shape[k];
      rest /= shape[k];
    }
    to += shape.rank();
  }
}

/// The places of what is not 0 in x, seen in a shape of as many elements: a row each.
Tensor places_of(const Tensor& x, const Shape& shape) {
  return visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const T* p = ptr<T>(x);
    const std::int64_t n = x.numel();
    return launch_value(nonzero_kernel, {.bytes = 2 * n * bytes_of<T>}, [&] {
      const std::int64_t count = n - std::count(p, p + n, T{0});
      Tensor y = new_tensor({count, std::int64_t{shape.rank()}}, int64);
      write_places(p, n, shape, ptr<std::int64_t>(y));
      return y;
    });
  });
}

/// The places of what is not 0, as a vector, in the row-major order of the elements.
Tensor flat_nonzero(const Tensor& x) {
  static constexpr Op op = {.name = "flat_nonzero", .again = [](Call c) { return flat_nonzero(c.x(0)); }};
  const Tensor places = places_of(x, {x.numel()});
  return pass(op, {x}, new_view(places, {places.numel()}));
}

}  // namespace

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check_mask("masked_select", x, mask, false);
  const Shape shape = broadcast_shapes("masked_select", x, mask);
  const Tensor wide = x.shape() == shape ? x : expand(x, shape);
  const Tensor places = flat_nonzero(mask.shape() == shape ? mask : expand(mask, shape));
  return index_select(reshape(wide, {shape.numel()}), 0, places);
}

Tensor nonzero(const Tensor& x) {
  static constexpr Op op = {.name = "nonzero", .again = [](Call c) { return nonzero(c.x(0)); }};
  return pass(op, {x}, places_of(x, x.shape()));
}

}  // namespace xgrad
