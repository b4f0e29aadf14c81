#pragma once

#include "kernels/loops/simd.hpp"
#include "ops/support/elementwise.hpp"
#include "ops/support/layout.hpp"

// New tensors by one pass over elements with transcendental functions. Functors are generic lambdas over SIMD
// batches: `map_simd(x, [](auto v) { return simd::tanh(v); })`.

namespace xgrad::detail {

/// Whether there is room behind the last elements of all: in memory of ours.
template <class... X>
bool have_room(const X&... x) {
  return ((x.node()->buffer->memory != Memory::foreign) && ...);
}

/// f of each element of a floating tensor.
template <class F>
Tensor map_simd(const Tensor& x, F f) {
  Tensor o = new_like(x);
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    simd_loop(x.numel(), have_room(x), ptr<T>(o), f, ptr<const T>(x));
  });
  return o;
}

/// f of corresponding elements of floating tensors of one dtype and shape.
template <class F, class... More>
Tensor zip_simd(F f, const Tensor& x, const More&... more) {
  Tensor o = new_like(x);
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    simd_loop(x.numel(), have_room(x, more...), ptr<T>(o), f, ptr<const T>(x), ptr<const T>(more)...);
  });
  return o;
}

/// x in a shape that it broadcasts to: itself, or a copy.
inline Tensor spread(const Tensor& x, const Shape& shape) {
  return x.shape() == shape ? x : repeated(x, shape);
}

/// f of corresponding elements of two floating tensors of one dtype, broadcast.
template <class F>
Tensor zip_simd_broadcast(const char* op, const Tensor& a, const Tensor& b, F f) {
  if (a.shape(op) == b.shape(op)) return zip_simd(f, a, b);
  const Shape shape = broadcast_shapes(op, a, b);
  return zip_simd(f, spread(a, shape), spread(b, shape));
}

}  // namespace xgrad::detail
