#pragma once

#include <cmath>
#include <string>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/parameter.hpp"

namespace xgrad::nn::detail {

/// A tensor that `layer` learns, without values yet.
inline Tensor new_parameter(const char* layer, const Shape& shape, DType dtype) {
  Tensor t = empty(shape, {.dtype = dtype, .requires_grad = true});
  xgrad::detail::note_layer(t, layer);
  return t;
}

/// Throws Error unless weights can have this dtype.
inline void check_weights_dtype(const char* layer, DType dtype) {
  if (!is_floating(dtype))
    throw Error(std::string(layer) + ": weights need a floating dtype: got " + name_of(dtype));
}

/// 1 / sqrt(n), and 0 for n = 0: how far from 0 recurrent weights start.
inline double inverse_root(std::int64_t n) { return n > 0 ? 1 / std::sqrt(static_cast<double>(n)) : 0; }

}  // namespace xgrad::nn::detail
