#include "xgrad/nn/normalization.hpp"

#include "layer.hpp"

namespace xgrad::nn {

namespace {

/// Throws Error unless the last axes of x have this shape.
void check_last_axes(const char* layer, const Tensor& x, const Shape& shape) {
  const int rank = x.dim(layer), own = shape.rank();
  bool fits = rank >= own;
  for (int i = 0; fits && i < own; ++i) fits = x.shape()[rank - own + i] == shape[i];
  if (!fits)
    throw Error(std::string(layer) + ": the last sizes of x must be " + shape.str() + ": x is " +
                x.describe());
}

void check_shape(const char* layer, const Shape& shape, DType dtype) {
  if (shape.empty())
    throw Error(std::string(layer) + ": normalized_shape must have at least one size: got []");
  for (const std::int64_t size : shape) detail::check_least(layer, "normalized_shape", size, 1);
  detail::check_weight_dtype(layer, dtype);
}

}  // namespace

GroupNorm::GroupNorm(int groups, std::int64_t channels, GroupNormOptions options)
    : groups_(groups), channels_(channels), eps_(options.eps) {
  detail::check_least("GroupNorm", "num_groups", groups, 1);
  detail::check_least("GroupNorm", "num_channels", channels, 1);
  detail::check_weight_dtype("GroupNorm", options.dtype);
  if (channels % groups != 0)
    throw Error("GroupNorm: num_groups must divide num_channels: num_groups = " + std::to_string(groups) +
                ", num_channels = " + std::to_string(channels));
  if (!options.affine) return;
  weight = detail::filled_parameter("GroupNorm", {channels}, 1, options.dtype);
  bias = detail::filled_parameter("GroupNorm", {channels}, 0, options.dtype);
}

Tensor GroupNorm::forward(const Tensor& x) const {
  if (x.dim("GroupNorm") < 2)
    throw Error("GroupNorm: x must be [batch, channels, ...]: x is " + x.describe());
  detail::check_channels("GroupNorm", x, "[batch, channels, ...]", x.dim(), channels_);
  return group_norm(x, groups_, weight, bias, eps_);
}

std::string GroupNorm::extra_repr() const {
  return std::to_string(groups_) + ", " + std::to_string(channels_) + ", eps=" + detail::number(eps_) +
         ", affine=" + detail::true_or_false(weight.defined());
}

LayerNorm::LayerNorm(Shape normalized_shape, LayerNormOptions options)
    : shape_(std::move(normalized_shape)), eps_(options.eps) {
  check_shape("LayerNorm", shape_, options.dtype);
  if (!options.elementwise_affine) return;
  weight = detail::filled_parameter("LayerNorm", shape_, 1, options.dtype);
  if (options.bias) bias = detail::filled_parameter("LayerNorm", shape_, 0, options.dtype);
}

Tensor LayerNorm::forward(const Tensor& x) const {
  check_last_axes("LayerNorm", x, shape_);
  return layer_norm(x, shape_, weight, bias, eps_);
}

std::string LayerNorm::extra_repr() const {
  return shape_.str() + ", eps=" + detail::number(eps_) +
         ", elementwise_affine=" + detail::true_or_false(weight.defined());
}

RMSNorm::RMSNorm(Shape normalized_shape, RMSNormOptions options)
    : shape_(std::move(normalized_shape)), eps_(options.eps) {
  check_shape("RMSNorm", shape_, options.dtype);
  if (options.elementwise_affine) weight = detail::filled_parameter("RMSNorm", shape_, 1, options.dtype);
}

Tensor RMSNorm::forward(const Tensor& x) const {
  check_last_axes("RMSNorm", x, shape_);
  return rms_norm(x, shape_, weight, eps_);
}

std::string RMSNorm::extra_repr() const {
  return shape_.str() + (eps_ ? ", eps=" + detail::number(*eps_) : "") +
         ", elementwise_affine=" + detail::true_or_false(weight.defined());
}

}  // namespace xgrad::nn
