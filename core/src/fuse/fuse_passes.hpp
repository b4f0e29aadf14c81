#pragma once

#include <span>

#include "xgrad/core/fused_op.hpp"

// The two passes over memory of `fuse`: values, and gradients by forward accumulation.

namespace xgrad::detail::fusing {

/// o = f(x...), broadcast.
template <class T>
void run_values(const Loops<T>& loops, const void* f, std::span<const Tensor* const> x, const Tensor& o);

/// dx_k = g df/dx_k for the inputs k in `wanted`, summed to the inputs' shapes.
template <class T>
void run_gradients(const Loops<T>& loops, const void* f, const Shape& shape, const Tensor& g,
                   std::span<const Tensor* const> x, unsigned wanted, std::span<const Tensor> dx);

}  // namespace xgrad::detail::fusing
