#include "convolution.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::nn {

namespace {

detail::Window window_of(detail::Sizes kernel, const ConvTranspose1dOptions& o) {
  return {std::move(kernel), {o.stride}, {o.dilation}, {o.padding}};
}
detail::Window window_of(detail::Sizes kernel, const ConvTranspose2dOptions& o) {
  return {std::move(kernel),
          {o.stride.height, o.stride.width},
          {o.dilation.height, o.dilation.width},
          {o.padding.height, o.padding.width}};
}

}  // namespace

ConvTranspose1d::ConvTranspose1d(std::int64_t in, std::int64_t out, int kernel,
                                 ConvTranspose1dOptions options)
    : Convolution(options) {
  detail::make_parameters("ConvTranspose1d", *this, in, out, window_of({kernel}, options), options, true);
}

Tensor ConvTranspose1d::forward(const Tensor& x) const {
  detail::check_channels("ConvTranspose1d", x, "[batch, channels, length]", 3, weight.size(0));
  return squeeze(conv_transpose2d(unsqueeze(x, 2), unsqueeze(weight, 2), bias,
                                  {.stride = {1, options_.stride},
                                   .padding = {0, options_.padding},
                                   .output_padding = {0, options_.output_padding},
                                   .groups = options_.groups,
                                   .dilation = {1, options_.dilation}}),
                 2);
}

std::string ConvTranspose1d::extra_repr() const {
  return detail::describe_convolution(weight, true, options_.groups, window_of({weight.size(2)}, options_),
                                      bias.defined(), {options_.output_padding});
}

ConvTranspose2d::ConvTranspose2d(std::int64_t in, std::int64_t out, Pair kernel,
                                 ConvTranspose2dOptions options)
    : Convolution(options) {
  detail::make_parameters("ConvTranspose2d", *this, in, out,
                          window_of({kernel.height, kernel.width}, options), options, true);
}

Tensor ConvTranspose2d::forward(const Tensor& x) const {
  detail::check_channels("ConvTranspose2d", x, "[batch, channels, height, width]", 4, weight.size(0));
  return conv_transpose2d(x, weight, bias,
                          {.stride = options_.stride,
                           .padding = options_.padding,
                           .output_padding = options_.output_padding,
                           .groups = options_.groups,
                           .dilation = options_.dilation});
}

std::string ConvTranspose2d::extra_repr() const {
  return detail::describe_convolution(weight, true, options_.groups,
                                      window_of({weight.size(2), weight.size(3)}, options_), bias.defined(),
                                      {options_.output_padding.height, options_.output_padding.width});
}

}  // namespace xgrad::nn
