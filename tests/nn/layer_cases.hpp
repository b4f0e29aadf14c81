#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

// The layers of tests/nn/layers.py.

namespace xgrad::test {

using Inputs = std::vector<Tensor>;

/// A layer, how it is called, and an independent copy of it.
struct AnyLayer {
  std::shared_ptr<nn::ModuleBase> module;
  std::function<Tensor(const Inputs&)> call;
  std::function<AnyLayer()> clone;
  std::function<GradcheckResult(const Inputs&, const GradcheckOptions&)> check;
};

template <class M>
AnyLayer layer_of(M made) {
  auto module = std::make_shared<M>(std::move(made));
  return {
      module,
      [module](const Inputs& x) {
        if constexpr (std::is_invocable_v<const M&, const Tensor&>) return (*module)(x[0]);
        if constexpr (std::is_invocable_v<const M&, const Tensor&, const Tensor&>)
          return (*module)(x[0], x[1]);
        return Tensor();
      },
      [module] { return layer_of(nn::clone(*module)); },
      [module](const Inputs& x, const GradcheckOptions& options) { return gradcheck(*module, x, options); }};
}

struct LayerCase {
  std::string name;
  std::function<AnyLayer()> make;
  bool draws = false;  ///< in training
};

#define LAYER(name, ...)                       \
  {                                            \
    name, [] { return layer_of(__VA_ARGS__); } \
  }

/// Every case of the reference data, made with the default generator.
inline const std::vector<LayerCase>& layer_cases() {
  using namespace nn;
  static const std::vector<LayerCase> cases = {
      LAYER("Linear", Linear(4, 3)),
      LAYER("Linear without bias", Linear(4, 3, {.bias = false})),
      LAYER("Bilinear", Bilinear(3, 4, 2)),
      LAYER("Bilinear of sequences", Bilinear(3, 4, 2, {.bias = false})),
      LAYER("Conv1d", Conv1d(4, 6, 3, {.stride = 2, .padding = 1})),
      LAYER("Conv1d same", Conv1d(4, 2, 4, {.padding = nn::same, .dilation = 2, .groups = 2, .bias = false})),
      LAYER("Conv1d circular", Conv1d(4, 2, 3, {.padding = 2, .padding_mode = PadMode::circular})),
      LAYER("Conv2d", Conv2d(4, 6, 3)),
      LAYER("Conv2d options",
            Conv2d(4, 6, {3, 2},
                   {.stride = {2, 1}, .padding = {1, 2}, .dilation = {1, 2}, .groups = 2, .bias = false})),
      LAYER("Conv2d same", Conv2d(4, 3, {2, 3}, {.padding = nn::same})),
      LAYER("Conv2d reflect", Conv2d(4, 3, 3, {.padding = {1, 2}, .padding_mode = PadMode::reflect})),
      LAYER("Conv2d replicate", Conv2d(4, 3, 3, {.padding = 1, .padding_mode = PadMode::replicate})),
      LAYER("Conv2d same circular",
            Conv2d(4, 3, {2, 4}, {.padding = nn::same, .padding_mode = PadMode::circular})),
      LAYER("Conv3d", Conv3d(2, 4, 2)),
      LAYER("Conv3d options",
            Conv3d(2, 4, {3, 2, 1},
                   {.stride = {2, 1, 2}, .padding = {2, 1, 0}, .dilation = {1, 2, 1}, .groups = 2})),
      LAYER("Conv3d same", Conv3d(2, 3, {2, 3, 1}, {.padding = nn::same, .bias = false})),
      LAYER("ConvTranspose1d",
            ConvTranspose1d(4, 6, 3, {.stride = 2, .padding = 1, .output_padding = 1, .groups = 2})),
      LAYER("ConvTranspose2d", ConvTranspose2d(4, 3, 4, {.stride = 2, .padding = 1})),
      LAYER("ConvTranspose2d options", ConvTranspose2d(4, 6, {3, 2},
                                                       {.stride = {2, 3},
                                                        .padding = {1, 0},
                                                        .output_padding = {0, 1},
                                                        .groups = 2,
                                                        .bias = false,
                                                        .dilation = {2, 1}})),
      LAYER("MaxPool1d", MaxPool1d(3, {.stride = 2, .padding = 1})),
      LAYER("MaxPool1d dilated", MaxPool1d(2, {.dilation = 3})),
      LAYER("MaxPool2d", MaxPool2d({3, 2}, {.stride = {2, 1}, .padding = 1})),
      LAYER("MaxPool2d default stride", MaxPool2d(2)),
      LAYER("AvgPool1d", AvgPool1d(3, {.stride = 2, .padding = 1, .count_include_pad = false})),
      LAYER("AvgPool1d default stride", AvgPool1d(4)),
      LAYER("AvgPool2d", AvgPool2d(3, {.stride = 2, .padding = 1})),
      LAYER("AdaptiveAvgPool1d", AdaptiveAvgPool1d(4)),
      LAYER("AdaptiveAvgPool2d", AdaptiveAvgPool2d({3, 4})),
      LAYER("AdaptiveMaxPool2d", AdaptiveMaxPool2d({3, 4})),
      LAYER("Upsample nearest", Upsample({.scale_factor = 2})),
      LAYER("Upsample bilinear",
            Upsample({.size = Pair{7, 3}, .mode = Interpolation::bilinear, .align_corners = true})),
      LAYER("PixelShuffle", PixelShuffle(2)),
      LAYER("ZeroPad2d", ZeroPad2d({1, 2, 0, 3})),
      LAYER("ReflectionPad2d", ReflectionPad2d({1, 2, 3, 0})),
      LAYER("Embedding", Embedding(7, 3)),
      LAYER("Embedding with padding", Embedding(7, 3, {.padding_idx = -3})),
      LAYER("EmbeddingBag mean", EmbeddingBag(7, 3)),
      LAYER("EmbeddingBag sum", EmbeddingBag(7, 3, {.mode = BagMode::sum, .padding_idx = 4})),
      LAYER("EmbeddingBag max", EmbeddingBag(7, 3, {.mode = BagMode::max})),
      LAYER("BatchNorm1d", BatchNorm1d(4)),
      LAYER("BatchNorm1d of lines", BatchNorm1d(4, {.eps = 1e-3, .momentum = {}})),
      LAYER("BatchNorm2d", BatchNorm2d(4, {.momentum = 0.3})),
      LAYER("BatchNorm2d plain", BatchNorm2d(4, {.affine = false, .track_running_stats = false})),
      LAYER("InstanceNorm1d", InstanceNorm1d(4)),
      LAYER("InstanceNorm2d",
            InstanceNorm2d(4, {.momentum = 0.2, .affine = true, .track_running_stats = true})),
      LAYER("GroupNorm", GroupNorm(2, 4)),
      LAYER("LayerNorm", LayerNorm(6)),
      LAYER("LayerNorm of two axes", LayerNorm({5, 6}, {.eps = 1e-3, .elementwise_affine = false})),
      {"Dropout", [] { return layer_of(Dropout(0.3)); }, true},
      {"Dropout1d", [] { return layer_of(Dropout1d(0.3)); }, true},
      {"Dropout2d", [] { return layer_of(Dropout2d(0.6)); }, true},
      {"AlphaDropout", [] { return layer_of(AlphaDropout(0.3)); }, true},
      LAYER("ReLU", ReLU()),
      LAYER("ReLU6", ReLU6()),
      LAYER("SELU", SELU()),
      LAYER("SiLU", SiLU()),
      LAYER("Mish", Mish()),
      LAYER("Sigmoid", Sigmoid()),
      LAYER("LogSigmoid", LogSigmoid()),
      LAYER("Tanh", Tanh()),
      LAYER("Tanhshrink", Tanhshrink()),
      LAYER("Softsign", Softsign()),
      LAYER("Hardswish", Hardswish()),
      LAYER("LeakyReLU", LeakyReLU(0.2)),
      LAYER("ELU", ELU(0.7)),
      LAYER("CELU", CELU(0.5)),
      LAYER("GELU", GELU()),
      LAYER("GELU by tanh", GELU(Approximate::tanh)),
      LAYER("Softplus", Softplus(2.0)),
      LAYER("Hardtanh", Hardtanh(-0.5, 0.7)),
      LAYER("Hardshrink", Hardshrink(0.3)),
      LAYER("Softshrink", Softshrink(0.3)),
      LAYER("PReLU", PReLU(4)),
      LAYER("Softmax", Softmax(1)),
      LAYER("Softmin", Softmin(-1)),
      LAYER("LogSoftmax", LogSoftmax(-1)),
      LAYER("GLU", GLU(1)),
      LAYER("Flatten", Flatten()),
      LAYER("Unflatten", Unflatten(1, {2, 2})),
      LAYER("weight_norm of Linear", weight_norm(Linear(4, 3))),
      LAYER("weight_norm of Conv2d", weight_norm(Conv2d(4, 3, 2), 1)),
      LAYER("spectral_norm of Linear", spectral_norm(Linear(4, 3))),
      LAYER("spectral_norm of Conv2d", spectral_norm(Conv2d(4, 3, 2), {.n_power_iterations = 2})),
  };
  return cases;
}

#undef LAYER

}  // namespace xgrad::test
