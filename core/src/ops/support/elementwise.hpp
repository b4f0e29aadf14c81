#pragma once

#include <concepts>

#include "kernels/loops/broadcast_runs.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/elementwise.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"

// New tensors by one pass over elements. Functors are generic lambdas over raw values; those that need
// transcendental functions go through simd.hpp instead.

namespace xgrad::detail {

/// Whether loops may go over these elements by whole lines, the last of which ends in the buffer's padding.
template <std::same_as<Node>... N>
bool have_lines(const N*... x) {
  return ((reinterpret_cast<std::uintptr_t>(x->data) | ...) % line) == 0 &&
         ((x->buffer->memory != Memory::foreign) && ...);
}

/// The elements of x as a new tensor of element type R: f of each, R from the dtype `out`.
template <class R, class T, class F>
Tensor map_as(const Tensor& x, F f) {
  Tensor o = new_tensor(x.shape(), dtype_of<R>);
  map_loop(x.numel(), ptr<R>(o), ptr<T>(x), f);
  return o;
}

/// f of each element of a floating tensor.
template <class F>
Tensor map(const Tensor& x, F f) {
  return visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    return map_as<T, T>(x, f);
  });
}

/// f(element, s) of a floating or int64 tensor, with the C++ number s in the tensor's type.
template <class F>
Tensor map_number(const Tensor& x, Scalar s, F f) {
  return visit_number(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const auto g = [f, v = s.to<T>()](T u) { return static_cast<T>(f(u, v)); };
    if constexpr (std::floating_point<T>) {
      if (have_lines(x.node())) {
        Tensor o = new_like(x);
        map_lines(x.numel(), ptr<T>(o), ptr<T>(x), g);
        return o;
      }
    }
    return map_as<T, T>(x, g);
  });
}

/// f of each pair of elements, broadcast; R is the element type of the result.
template <class R, class T, class F>
Tensor zip_as(const char* op, const Tensor& a, const Tensor& b, F f) {
  if (a.shape(op) == b.shape(op)) {
    Tensor o = new_tensor(a.shape(), dtype_of<R>);
    zip_loop(a.numel(), ptr<R>(o), ptr<T>(a), 1, ptr<T>(b), 1, f);
    return o;
  }
  Tensor o = new_tensor(broadcast_shapes(op, a, b), dtype_of<R>);
  const Walker<2> walk(o.shape(), {&a.shape(), &b.shape()});
  static constexpr RunKernel kernel = {zip_kernel, zip_broadcast_kernel, sizeof(R)};
  each_run(
      kernel, walk,
      [po = ptr<R>(o), f](std::int64_t at, std::int64_t n, const Run<T>& u, const Run<T>& v) {
        zip_loop<true>(n, po + at, u.at, u.step, v.at, v.step, f);
      },
      ptr<const T>(a), ptr<const T>(b));
  return o;
}

/// f of each pair of elements of two tensors of one dtype, floating or int64, broadcast. f makes sense for
/// all numbers and is cheap, since it also meets the padding behind the elements.
template <class F>
Tensor zip(const char* op, const Tensor& a, const Tensor& b, F f) {
  return visit_number(a.dtype(op), [&](auto t) {
    using T = type_of<decltype(t)>;
    if constexpr (std::floating_point<T>) {  // integers behind the last could overflow
      if (a.shape() == b.shape(op) && have_lines(a.node(), b.node())) {
        Tensor o = new_like(a);
        zip_lines(a.numel(), ptr<T>(o), ptr<T>(a), ptr<T>(b), f);
        return o;
      }
    }
    return zip_as<T, T>(op, a, b, f);
  });
}

/// The same for floating tensors only, where f makes no sense for integers.
template <class F>
Tensor zip_floating(const char* op, const Tensor& a, const Tensor& b, F f) {
  return visit_floating(a.dtype(op), [&](auto t) {
    using T = type_of<decltype(t)>;
    return zip_as<T, T>(op, a, b, f);
  });
}

/// a where the boolean condition holds, else b, broadcast; a and b of one dtype.
Tensor select_elements(const Tensor& condition, const Tensor& a, const Tensor& b);

/// x[i] = f(x[i], y[i]) on the elements; y has x's dtype and broadcasts to its shape.
template <class F>
void update(Tensor& x, const Tensor& y, F f) {
  visit_number(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Walker<1> walk(x.shape(), {&y.shape()});
    static constexpr RunKernel kernel = {update_kernel, update_broadcast_kernel, 2 * sizeof(T)};
    each_run(
        kernel, walk,
        [f, px = ptr<T>(x)](std::int64_t at, std::int64_t n, const Run<T>& v) {
          for (std::int64_t i = 0; i < n; ++i) px[at + i] = static_cast<T>(f(px[at + i], v.at[i * v.step]));
        },
        ptr<const T>(y));
  });
}

}  // namespace xgrad::detail
