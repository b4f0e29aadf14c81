#pragma once

#include <cmath>
#include <string>

#include "number.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/parameter.hpp"
#include "xgrad/core/tensor.hpp"

// What the layers check and make in the same way.

namespace xgrad::nn::detail {

/// Throws Error unless `value` is at least `least`.
inline void check_least(const char* layer, const char* name, std::int64_t value, std::int64_t least) {
  if (value < least)
    throw Error(std::string(layer) + ": " + name + " must be at least " + std::to_string(least) + ": got " +
                std::to_string(value));
}

inline void check_weight_dtype(const char* layer, DType dtype) {
  if (!is_floating(dtype))
    throw Error(std::string(layer) + ": weights need a floating dtype: got " + xgrad::name_of(dtype));
}

/// A parameter without values yet, which a loss would miss if its owner's `visit` forgot it.
inline Tensor new_parameter(const char* layer, const Shape& shape, DType dtype) {
  Tensor t = empty(shape, {.dtype = dtype, .requires_grad = true});
  xgrad::detail::note_layer(t, layer);
  return t;
}

/// A parameter whose first values are all the same.
inline Tensor filled_parameter(const char* layer, const Shape& shape, double value, DType dtype) {
  Tensor t = full(shape, value, {.dtype = dtype, .requires_grad = true});
  xgrad::detail::note_layer(t, layer);
  return t;
}

/// Throws Error unless x has so many axes, of which the second has `channels` entries. `axes` shows them:
/// "[batch, channels, height, width]".
inline void check_channels(const char* layer, const Tensor& x, const char* axes, int rank,
                           std::int64_t channels, const char* what = "channels") {
  if (x.dim(layer) != rank)
    throw Error(std::string(layer) + ": x must be " + axes + ": x is " + x.describe());
  if (x.size(1) != channels)
    throw Error(std::string(layer) + ": x must have " + std::to_string(channels) + " " + what + ": x is " +
                x.describe());
}

/// 1 / sqrt(n), and 0 for n = 0: how far from 0 recurrent weights start.
inline double inverse_root(std::int64_t n) { return n > 0 ? 1 / std::sqrt(static_cast<double>(n)) : 0; }

inline const char* true_or_false(bool b) { return b ? "true" : "false"; }

}  // namespace xgrad::nn::detail
