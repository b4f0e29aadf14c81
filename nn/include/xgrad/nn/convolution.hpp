#pragma once

#include "xgrad/core/ops/convolution.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/random.hpp"
#include "xgrad/nn/module.hpp"

// Convolutions with weights of their own. Weights and biases start uniform in [-1/sqrt(fan), 1/sqrt(fan)],
// fan = (channels that one output reads) * (elements of a kernel), drawn in this order: the same seed gives
// the same numbers as PyTorch. LeCun et al., 1989; Dumoulin and Visin, 2016, for the arithmetic of shapes.

namespace xgrad::nn {

/// One number for all three axes of a volume, or one for each.
struct Triple {
  constexpr Triple(int all) : depth(all), height(all), width(all) {}  // NOLINT: a number is what most write
  constexpr Triple(int d, int h, int w) : depth(d), height(h), width(w) {}
  int depth, height, width;
};

/// As much padding as keeps the size: `{.padding = nn::same}`. Where an odd number of elements is missing,
/// the larger part comes behind. Only with a stride of 1.
struct Same {};
inline constexpr Same same;

/// How many elements come before and behind each axis.
struct Padding {
  constexpr Padding(int all) : by(all) {}                           // NOLINT: a number is what most write
  constexpr Padding(Pair each) : by(0, each.height, each.width) {}  // NOLINT
  constexpr Padding(int h, int w) : by(0, h, w) {}
  constexpr Padding(Triple each) : by(each) {}  // NOLINT
  constexpr Padding(int d, int h, int w) : by(d, h, w) {}
  constexpr Padding(Same) : by(0), keeps_size(true) {}  // NOLINT
  Triple by;
  bool keeps_size = false;
};

struct Conv1dOptions {
  int stride = 1;
  Padding padding = 0;
  int dilation = 1;
  int groups = 1;
  bool bias = true;
  PadMode padding_mode = PadMode::constant;  ///< what the padding holds: zeros, unless said otherwise
  DType dtype = float32;
  Generator generator = default_generator();  ///< draws the first weights
};

struct Conv2dOptions {
  Pair stride = 1;
  Padding padding = 0;
  Pair dilation = 1;
  int groups = 1;
  bool bias = true;
  PadMode padding_mode = PadMode::constant;
  DType dtype = float32;
  Generator generator = default_generator();
};

struct Conv3dOptions {
  Triple stride = 1;
  Padding padding = 0;
  Triple dilation = 1;
  int groups = 1;
  bool bias = true;
  PadMode padding_mode = PadMode::constant;
  DType dtype = float32;
  Generator generator = default_generator();
};

namespace detail {
/// The parameters and options of a convolution.
template <class Options>
class Convolution : public Module {
 public:
  void visit(Visitor& v) override { v("weight", weight), v("bias", bias); }

  Tensor weight;
  Tensor bias;  ///< undefined without bias

 protected:
  explicit Convolution(const Options& options) : options_(options) {}

  Options options_;
};
}  // namespace detail

/// conv1d of x[batch, in, length] with weight[out, in / groups, kernel] and bias[out].
///
/// Each constructor here throws Error for sizes below 1, for groups that do not divide the channels, and for
/// `same` with a stride; each call for an x of other axes or channels.
class Conv1d : public detail::Convolution<Conv1dOptions> {
 public:
  Conv1d(std::int64_t in, std::int64_t out, int kernel, Conv1dOptions options = {});
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;
};

/// conv2d of x[batch, in, height, width] with weight[out, in / groups, height, width] and bias[out].
class Conv2d : public detail::Convolution<Conv2dOptions> {
 public:
  Conv2d(std::int64_t in, std::int64_t out, Pair kernel, Conv2dOptions options = {});
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;
};

/// The same of x[batch, in, depth, height, width] with weight[out, in / groups, depth, height, width]: a
/// conv2d whose channels are those of all the slices that one slice of the result reads.
class Conv3d : public detail::Convolution<Conv3dOptions> {
 public:
  Conv3d(std::int64_t in, std::int64_t out, Triple kernel, Conv3dOptions options = {});
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;
};

struct ConvTranspose1dOptions {
  int stride = 1;
  int padding = 0;         ///< taken away from each side of the result
  int output_padding = 0;  ///< added to one side of the result; less than stride or dilation
  int groups = 1;
  bool bias = true;
  int dilation = 1;
  DType dtype = float32;
  Generator generator = default_generator();
};

struct ConvTranspose2dOptions {
  Pair stride = 1;
  Pair padding = 0;
  Pair output_padding = 0;
  int groups = 1;
  bool bias = true;
  Pair dilation = 1;
  DType dtype = float32;
  Generator generator = default_generator();
};

/// The transposed map of a Conv1d(out, in): x[batch, in, length] with weight[in, out / groups, kernel] and
/// bias[out] to [batch, out, (length - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1].
class ConvTranspose1d : public detail::Convolution<ConvTranspose1dOptions> {
 public:
  ConvTranspose1d(std::int64_t in, std::int64_t out, int kernel, ConvTranspose1dOptions options = {});
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;
};

/// conv_transpose2d of x[batch, in, height, width] with weight[in, out / groups, height, width] and
/// bias[out].
class ConvTranspose2d : public detail::Convolution<ConvTranspose2dOptions> {
 public:
  ConvTranspose2d(std::int64_t in, std::int64_t out, Pair kernel, ConvTranspose2dOptions options = {});
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;
};

}  // namespace xgrad::nn
