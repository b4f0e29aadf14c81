#pragma once

#include <string>
#include <vector>

#include "layer.hpp"
#include "xgrad/nn/convolution.hpp"

// What convolutions of one to three axes share. Lists run from the first axis to the last.

namespace xgrad::nn::detail {

using Sizes = std::vector<std::int64_t>;

/// The options of a convolution of any number of axes.
struct Window {
  Sizes kernel, stride, dilation, padding;
  bool keeps_size = false;
  PadMode mode = PadMode::constant;
};

/// Throws Error for channels, groups and windows that no convolution has.
void check_convolution(const char* layer, std::int64_t in, std::int64_t out, int groups, const Window& window,
                       DType dtype);

/// Fills the weight and, if there is one, the bias with their first values.
void start_convolution(Tensor& weight, Tensor& bias, const Generator& generator);

/// Gives a new convolution from `in` to `out` channels its parameters. A transposed one has the weight of the
/// convolution whose map it transposes.
template <class Options>
void make_parameters(const char* layer, Convolution<Options>& made, std::int64_t in, std::int64_t out,
                     const Window& window, const Options& options, bool transposed = false) {
  check_convolution(layer, in, out, options.groups, window, options.dtype);
  const std::int64_t first = transposed ? in : out, second = transposed ? out : in;
  Sizes sizes = {first, second / options.groups};
  sizes.insert(sizes.end(), window.kernel.begin(), window.kernel.end());
  made.weight = new_parameter(layer, Shape(sizes), options.dtype);
  if (options.bias) made.bias = new_parameter(layer, {out}, options.dtype);
  start_convolution(made.weight, made.bias, options.generator);
}

/// What `pad` takes: before and behind, from the last axis to the first.
std::vector<std::int64_t> pads_of(const Window& window);

/// True where the op itself can pad: zeros, as many behind as before.
bool pads_with_op(const Window& window);

/// "3, 6, kernel_size=(3, 3), stride=(1, 1)" and what else differs from its default.
std::string describe_convolution(const Tensor& weight, bool transposed, int groups, const Window& window,
                                 bool bias, const Sizes& output_padding = {});

}  // namespace xgrad::nn::detail
